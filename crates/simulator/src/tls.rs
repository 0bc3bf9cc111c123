//! Ports that speak TLS before they pass on to the simulator, with certificates that are right or
//! wrong on purpose.
//!
//! For a greeting that is never answered take [`crate::mute`]; for plain HTTP where TLS is
//! expected, the simulator's own port.
use crate::simulator::Simulator;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, KeyUsagePurpose,
    date_time_ymd,
};
use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::Arc;
use tokio::io::copy_bidirectional;
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// What a TLS port shows for itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Certificate {
    /// Right in all respects for whoever trusts the port's root.
    Valid,
    /// Out of date since 2020.
    Expired,
    /// Made out to another host.
    WrongHost,
    /// Signed by itself and not by the port's root.
    SelfSigned,
}

/// A TLS port in front of a simulator. It is open until the simulator is shut down.
#[derive(Clone, Debug)]
pub struct TlsPort {
    addr: SocketAddr,
    root_der: Vec<u8>,
    root_pem: String,
}

impl TlsPort {
    /// Where it listens: a port of 127.0.0.1, which a valid certificate names beside `localhost`.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// What a client of `provider` takes for the base URL: it ends in `/v1`.
    pub fn base_url(&self, provider: &str) -> String {
        format!("https://{}/{provider}/v1", self.addr)
    }

    /// The root certificate that a client has to trust, in DER.
    pub fn root_der(&self) -> &[u8] {
        &self.root_der
    }

    /// The root certificate that a client has to trust, in PEM.
    pub fn root_pem(&self) -> &str {
        &self.root_pem
    }
}

impl Simulator {
    /// Opens a TLS port that shows `certificate` and then speaks as the simulator's own port does,
    /// but for resets, which TLS turns into plain ends.
    ///
    /// # Errors
    /// When no port is free, no certificate can be made or the simulator is shut down.
    pub fn tls_port(&self, certificate: Certificate) -> io::Result<TlsPort> {
        let inner = self.addr();
        self.open_tls(certificate, b"http/1.1", move |stream| pass_on(stream, inner))
    }

    /// Opens a TLS port whose connections speak `protocol` and are served by `serve`.
    pub(crate) fn open_tls<F>(
        &self,
        certificate: Certificate,
        protocol: &[u8],
        serve: impl Fn(TlsStream<TcpStream>) -> F + Copy + Send + 'static,
    ) -> io::Result<TlsPort>
    where
        F: Future<Output = io::Result<()>> + Send + 'static,
    {
        let root = root().map_err(io::Error::other)?;
        let mut config = server_config(certificate, &root)?;
        config.alpn_protocols = vec![protocol.to_vec()];
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        listener.set_nonblocking(true)?;
        let addr = listener.local_addr()?;
        self.spawn(async move {
            let Ok(listener) = tokio::net::TcpListener::from_std(listener) else { return };
            while let Ok((stream, _)) = listener.accept().await {
                let acceptor = acceptor.clone();
                tokio::spawn(async move {
                    // Whoever refuses the certificate just leaves.
                    if let Ok(stream) = acceptor.accept(stream).await {
                        let _ = serve(stream).await;
                    }
                });
            }
        })?;
        Ok(TlsPort { addr, root_der: root.der().to_vec(), root_pem: root.pem() })
    }
}

/// Carries one connection to the simulator.
async fn pass_on(mut outer: TlsStream<TcpStream>, inner: SocketAddr) -> io::Result<()> {
    let mut inner = TcpStream::connect(inner).await?;
    inner.set_nodelay(true)?;
    copy_bidirectional(&mut outer, &mut inner).await?;
    Ok(())
}

fn root() -> Result<CertifiedIssuer<'static, KeyPair>, rcgen::Error> {
    let mut params = CertificateParams::new(Vec::new())?;
    // The usual name is also that of certificates which sign themselves: they must not seem ours.
    params.distinguished_name.push(DnType::CommonName, "simulator root");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    CertifiedIssuer::self_signed(params, KeyPair::generate()?)
}

fn server_config(
    certificate: Certificate,
    root: &CertifiedIssuer<'static, KeyPair>,
) -> io::Result<ServerConfig> {
    let (chain, key) = leaf(certificate, root).map_err(io::Error::other)?;
    let key = PrivatePkcs8KeyDer::from(key.serialize_der());
    let ring = Arc::new(rustls::crypto::ring::default_provider());
    ServerConfig::builder_with_provider(ring)
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?
        .with_no_client_auth()
        .with_single_cert(vec![chain], key.into())
        .map_err(io::Error::other)
}

fn leaf(
    certificate: Certificate,
    root: &CertifiedIssuer<'static, KeyPair>,
) -> Result<(CertificateDer<'static>, KeyPair), rcgen::Error> {
    let hosts = match certificate {
        Certificate::WrongHost => vec!["elsewhere.invalid".to_owned()],
        _ => vec!["localhost".to_owned(), Ipv4Addr::LOCALHOST.to_string()],
    };
    let mut params = CertificateParams::new(hosts)?;
    if certificate == Certificate::Expired {
        params.not_before = date_time_ymd(2020, 1, 1);
        params.not_after = date_time_ymd(2020, 2, 1);
    }
    let key = KeyPair::generate()?;
    let signed = match certificate {
        Certificate::SelfSigned => params.self_signed(&key)?,
        _ => params.signed_by(&key, root)?,
    };
    Ok((signed.der().clone(), key))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulator::SimulatorOptions;
    use rustls::pki_types::ServerName;
    use rustls::{ClientConfig, RootCertStore};
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio_rustls::TlsConnector;

    /// What a client that trusts the port's root gets to a request for health, or why not.
    async fn health(certificate: Certificate) -> Result<String, String> {
        let simulator = Simulator::start(SimulatorOptions::default()).unwrap();
        let port = simulator.tls_port(certificate).unwrap();
        let mut roots = RootCertStore::empty();
        roots.add(port.root_der().to_vec().into()).unwrap();
        let ring = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(ring)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let stream = TcpStream::connect(port.addr()).await.unwrap();
        let name = ServerName::from(port.addr().ip());
        let connected = TlsConnector::from(Arc::new(config)).connect(name, stream).await;
        let mut stream = connected.map_err(|error| error.to_string())?;
        let request = b"GET /_sim/health HTTP/1.1\r\nconnection: close\r\n\r\n";
        stream.write_all(request).await.unwrap();
        let mut reply = String::new();
        stream.read_to_string(&mut reply).await.unwrap();
        Ok(reply)
    }

    #[tokio::test]
    async fn a_valid_certificate_lets_the_simulator_speak() {
        assert!(health(Certificate::Valid).await.unwrap().ends_with(r#"{"status":"ok"}"#));
    }

    #[tokio::test]
    async fn each_wrong_certificate_is_wrong_in_its_own_way() {
        for (certificate, says) in [
            (Certificate::Expired, "expired"),
            (Certificate::WrongHost, "not valid for name"),
            (Certificate::SelfSigned, "UnknownIssuer"),
        ] {
            let error = health(certificate).await.unwrap_err();
            assert!(error.contains(says), "{certificate:?}: {error}");
        }
    }
}
