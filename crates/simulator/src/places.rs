//! Addresses where no provider can be reached: faults that come before any port is open.
use socket2::{Domain, Socket, Type};
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::time::Duration;

/// An address that refuses every connection for as long as this is kept.
#[derive(Debug)]
pub struct Refusing {
    addr: SocketAddr,
    /// Bound and never listening: no one else can take the port meanwhile.
    _socket: Socket,
}

/// An address that takes connections, and nothing more, for as long as this is kept: what is sent
/// is not read, and nothing is answered, a TLS greeting neither.
#[derive(Debug)]
pub struct Mute {
    addr: SocketAddr,
    /// Its queue is long enough for a test; no one ever takes from it.
    _listener: Socket,
}

/// An address where connections neither come about nor fail for as long as this is kept.
#[derive(Debug)]
pub struct BlackHole {
    addr: SocketAddr,
    _listener: Socket,
    /// What fills the queue, so that the kernel drops all further attempts.
    _queue: Vec<TcpStream>,
}

/// Finds an address on 127.0.0.1 that refuses connections.
///
/// # Errors
/// When no port is free.
pub fn refusing() -> io::Result<Refusing> {
    let socket = bound()?;
    Ok(Refusing { addr: address(&socket)?, _socket: socket })
}

/// Makes an address on 127.0.0.1 that takes up to 128 connections and never says a word.
///
/// # Errors
/// When no port is free.
pub fn mute() -> io::Result<Mute> {
    let listener = bound()?;
    listener.listen(128)?;
    Ok(Mute { addr: address(&listener)?, _listener: listener })
}

/// Makes an address on 127.0.0.1 where connecting takes longer than anyone waits. Blocks for about
/// a tenth of a second.
///
/// # Errors
/// When no port is free, or the system lets a queue of one grow without end.
pub fn black_hole() -> io::Result<BlackHole> {
    const QUEUE_MAX: usize = 16;
    const PATIENCE: Duration = Duration::from_millis(100);
    let listener = bound()?;
    listener.listen(0)?;
    let addr = address(&listener)?;
    let mut queue = Vec::new();
    while queue.len() < QUEUE_MAX {
        match TcpStream::connect_timeout(&addr, PATIENCE) {
            Ok(waiting) => queue.push(waiting),
            Err(error) if error.kind() == io::ErrorKind::TimedOut => {
                return Ok(BlackHole { addr, _listener: listener, _queue: queue });
            }
            Err(error) => return Err(error),
        }
    }
    Err(io::Error::other("the queue of a listener does not fill"))
}

impl Refusing {
    /// The address.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// A base URL at the address, as `Simulator::base_url` gives it.
    pub fn base_url(&self, provider: &str) -> String {
        base_url(self.addr, provider)
    }
}

impl Mute {
    /// The address.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// A base URL at the address, as `Simulator::base_url` gives it.
    pub fn base_url(&self, provider: &str) -> String {
        base_url(self.addr, provider)
    }
}

impl BlackHole {
    /// The address.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// A base URL at the address, as `Simulator::base_url` gives it.
    pub fn base_url(&self, provider: &str) -> String {
        base_url(self.addr, provider)
    }
}

pub(crate) fn base_url(addr: SocketAddr, provider: &str) -> String {
    format!("http://{addr}/{provider}/v1")
}

fn bound() -> io::Result<Socket> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
    socket.bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, 0)).into())?;
    Ok(socket)
}

fn address(socket: &Socket) -> io::Result<SocketAddr> {
    socket.local_addr()?.as_socket().ok_or_else(|| io::Error::other("not an IP socket"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read, Write};

    #[test]
    fn a_refusing_address_refuses() {
        let place = refusing().unwrap();
        let error = TcpStream::connect(place.addr()).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused);
    }

    #[test]
    fn a_mute_address_takes_connections_and_says_nothing() {
        let place = mute().unwrap();
        let mut stream = TcpStream::connect(place.addr()).unwrap();
        stream.write_all(b"GET / HTTP/1.1\r\n\r\n").unwrap();
        stream.set_read_timeout(Some(Duration::from_millis(50))).unwrap();
        let error = stream.read(&mut [0]).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::WouldBlock);
    }

    #[test]
    fn a_black_hole_swallows_connections() {
        let place = black_hole().unwrap();
        let error =
            TcpStream::connect_timeout(&place.addr(), Duration::from_millis(200)).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    }
}
