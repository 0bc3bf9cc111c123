//! Ports that speak HTTP/2 and break its rules, or keep to them in unwelcome ways (RFC 9113).
use crate::simulator::Simulator;
use crate::tls::{Certificate, TlsPort};
use std::io;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

/// What a provider does with every request over HTTP/2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum H2Fault {
    /// Refuses the stream: it has not looked at the request.
    Refused,
    /// Says good-bye without having taken the request.
    GoAway,
    /// Gives no room for a body, and is silent.
    ZeroWindow,
    /// Sends settings without end.
    SettingsFlood,
}

/// What a client opens a connection with.
const PREFACE_BYTES: usize = 24;
const HEAD_BYTES: usize = 9;
/// More than any frame that was not agreed on.
const PAYLOAD_BYTES_MAX: usize = 1 << 14;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const GOAWAY: u8 = 7;
const ACK: u8 = 1;
const REFUSED_STREAM: u8 = 7;
const INITIAL_WINDOW_SIZE: u8 = 4;
/// A flood that leaves others a share of the processor.
const FLOOD_FRAMES: usize = 100;
const FLOOD_PAUSE: Duration = Duration::from_millis(5);

impl Simulator {
    /// Opens a TLS port with a valid certificate that speaks HTTP/2 alone and meets every request
    /// with `fault`.
    ///
    /// # Errors
    /// As [`Simulator::tls_port`].
    pub fn h2_port(&self, fault: H2Fault) -> io::Result<TlsPort> {
        self.open_tls(Certificate::Valid, b"h2", move |stream| meet(stream, fault))
    }
}

/// Speaks with one client until one of them leaves.
async fn meet<S>(mut stream: S, fault: H2Fault) -> io::Result<()>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut preface = [0; PREFACE_BYTES];
    stream.read_exact(&mut preface).await?;
    let no_room = [0, INITIAL_WINDOW_SIZE, 0, 0, 0, 0];
    let settings: &[u8] = if fault == H2Fault::ZeroWindow { &no_room } else { &[] };
    send(&mut stream, (SETTINGS, 0, 0), settings).await?;
    loop {
        let mut head = [0; HEAD_BYTES];
        stream.read_exact(&mut head).await?;
        let [a, b, c, kind, flags, number @ ..] = head;
        let length = u32::from_be_bytes([0, a, b, c]) as usize;
        if PAYLOAD_BYTES_MAX < length {
            return Err(io::Error::other("a frame that is too large"));
        }
        let mut payload = vec![0; length];
        stream.read_exact(&mut payload).await?;
        match kind {
            SETTINGS if flags & ACK == 0 => send(&mut stream, (SETTINGS, ACK, 0), &[]).await?,
            HEADERS => answer(&mut stream, u32::from_be_bytes(number), fault).await?,
            _ => (),
        }
    }
}

async fn answer<S>(stream: &mut S, number: u32, fault: H2Fault) -> io::Result<()>
where
    S: AsyncWrite + Unpin,
{
    match fault {
        H2Fault::Refused => send(stream, (RST_STREAM, 0, number), &[0, 0, 0, REFUSED_STREAM]).await,
        H2Fault::GoAway => {
            send(stream, (GOAWAY, 0, 0), &[0; 8]).await?;
            Err(io::Error::other("good-bye"))
        }
        H2Fault::ZeroWindow => Ok(()),
        H2Fault::SettingsFlood => loop {
            let frame = framed((SETTINGS, 0, 0), &[]);
            stream.write_all(&frame.repeat(FLOOD_FRAMES)).await?;
            stream.flush().await?;
            tokio::time::sleep(FLOOD_PAUSE).await;
        },
    }
}

async fn send<S>(stream: &mut S, head: (u8, u8, u32), payload: &[u8]) -> io::Result<()>
where
    S: AsyncWrite + Unpin,
{
    stream.write_all(&framed(head, payload)).await?;
    stream.flush().await
}

fn framed((kind, flags, number): (u8, u8, u32), payload: &[u8]) -> Vec<u8> {
    let length = (payload.len() as u32).to_be_bytes();
    let mut frame = vec![length[1], length[2], length[3], kind, flags];
    frame.extend(number.to_be_bytes());
    frame.extend(payload);
    frame
}
