//! Encrypted connections, and certificates that are replaced while the server runs.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use sha2::{Digest, Sha256};
use tokio_rustls::{TlsAcceptor, TlsConnector};

/// Both of the protocols that the port speaks.
const PROTOCOLS: [&[u8]; 2] = [b"h2", b"http/1.1"];

/// Where the certificates are, all in PEM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsConfig {
    /// The server's certificate and what leads from it to its authority.
    pub certificate: PathBuf,
    /// Its private key.
    pub key: PathBuf,
    /// Authorities of clients; with them, only clients with a certificate of one may connect. Open
    /// connections of one that is taken away end with their age.
    pub client_authorities: Option<PathBuf>,
    /// How often the files are looked at. Changed ones are used for new connections.
    pub look_every: Duration,
}

impl TlsConfig {
    /// Certificates are replaced days before they expire.
    pub const DEFAULT_LOOK_EVERY: Duration = Duration::from_secs(10);
}

/// Why the certificates cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read, or is no PEM of its kind.
    #[error("{file} cannot be read as {kind} in PEM: {source}")]
    File {
        /// Which.
        file: PathBuf,
        /// What it should hold.
        kind: &'static str,
        /// Why not.
        source: rustls::pki_types::pem::Error,
    },
    /// A file without any certificate.
    #[error("{file} holds no certificate")]
    Empty {
        /// Which.
        file: PathBuf,
    },
    /// The key is not the certificate's, or of a kind that is not known.
    #[error("the certificate and its key cannot be used: {0}")]
    Unusable(#[from] rustls::Error),
    /// The authorities of clients cannot be used.
    #[error("the authorities of clients cannot be used: {0}")]
    Authorities(#[from] rustls::server::VerifierBuilderError),
}

/// Makes new connections encrypted ones, with the certificates as they are by then.
#[derive(Debug, Clone)]
pub(super) struct Acceptor(Arc<ArcSwap<ServerConfig>>);

impl Acceptor {
    /// What makes the next socket an encrypted one.
    pub(super) fn current(&self) -> TlsAcceptor {
        TlsAcceptor::from(self.0.load_full())
    }
}

/// The certificates of one server.
#[derive(Debug)]
pub(super) struct Certificates {
    config: TlsConfig,
    current: Acceptor,
    /// What the files held when they were read first.
    first_read: Files,
}

/// Digests of certificate, key and authorities. They are compared rather than the files' times, which
/// may be the same for two writings in quick succession.
type Files = [Option<[u8; 32]>; 3];

impl Certificates {
    pub(super) fn load(config: TlsConfig) -> Result<Self, TlsError> {
        let first_read = files(&config);
        let server = server_config(&config)?;
        Ok(Self {
            config,
            current: Acceptor(Arc::new(ArcSwap::from_pointee(server))),
            first_read,
        })
    }

    /// What makes sockets encrypted ones.
    pub(super) fn acceptor(&self) -> Acceptor {
        self.current.clone()
    }

    /// Takes the files as they are now. Those that cannot be used leave the old ones in place.
    fn reload(&self) {
        match server_config(&self.config) {
            Ok(server) => {
                self.current.0.store(Arc::new(server));
                tracing::info!(file = %self.config.certificate.display(), "new certificates");
            }
            Err(error) => tracing::error!(%error, "the certificates stay as they were"),
        }
    }
}

/// Of all files as they are now. A new one resumes no session of an old one, whose client might be of
/// an authority that is gone.
fn server_config(config: &TlsConfig) -> Result<ServerConfig, TlsError> {
    let provider = Arc::new(ring::default_provider());
    let pair = certified_key(config, &provider)?;
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()?;
    let builder = match &config.client_authorities {
        None => builder.with_no_client_auth(),
        Some(file) => {
            let roots = Arc::new(authorities(file)?);
            let verifier = WebPkiClientVerifier::builder_with_provider(roots, provider);
            builder.with_client_cert_verifier(verifier.build()?)
        }
    };
    let mut server = builder.with_cert_resolver(Arc::new(SingleCertAndKey::from(pair)));
    server.alpn_protocols = PROTOCOLS.map(<[u8]>::to_vec).to_vec();
    Ok(server)
}

fn files(config: &TlsConfig) -> Files {
    let authorities = config.client_authorities.as_ref();
    [Some(&config.certificate), Some(&config.key), authorities].map(|file| {
        let bytes = fs::read(file?).ok()?;
        Some(Sha256::digest(bytes).into())
    })
}

/// Takes new certificates as they are written, without end.
pub(super) async fn renew(certificates: Option<&Certificates>) {
    let Some(certificates) = certificates else {
        return std::future::pending().await;
    };
    let mut known = certificates.first_read;
    loop {
        tokio::time::sleep(certificates.config.look_every).await;
        let now = files(&certificates.config);
        if now != known {
            certificates.reload();
            known = now;
        }
    }
}

/// What makes encrypted connections to servers that these authorities, in PEM, vouch for.
pub(super) fn connector(file: &Path) -> Result<TlsConnector, TlsError> {
    let provider = Arc::new(ring::default_provider());
    let mut client = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(authorities(file)?)
        .with_no_client_auth();
    client.alpn_protocols = vec![PROTOCOLS[0].to_vec()];
    Ok(TlsConnector::from(Arc::new(client)))
}

fn certified_key(config: &TlsConfig, provider: &CryptoProvider) -> Result<CertifiedKey, TlsError> {
    let chain = certificates(&config.certificate)?;
    let key = PrivateKeyDer::from_pem_file(&config.key).map_err(|source| TlsError::File {
        file: config.key.clone(),
        kind: "a private key",
        source,
    })?;
    Ok(CertifiedKey::from_der(chain, key, provider)?)
}

fn certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let unreadable = |source| TlsError::File {
        file: file.to_owned(),
        kind: "certificates",
        source,
    };
    let chain: Vec<_> = CertificateDer::pem_file_iter(file)
        .map_err(unreadable)?
        .collect::<Result<_, _>>()
        .map_err(unreadable)?;
    if chain.is_empty() {
        let file = file.to_owned();
        return Err(TlsError::Empty { file });
    }
    Ok(chain)
}

/// Those who may vouch for the other side.
fn authorities(file: &Path) -> Result<RootCertStore, TlsError> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates(file)? {
        roots.add(certificate)?;
    }
    Ok(roots)
}

#[cfg(test)]
mod tests {
    use rcgen::generate_simple_self_signed;
    use rustls::pki_types::ServerName;

    use super::*;

    fn write(folder: &Path) -> Vec<u8> {
        let made = generate_simple_self_signed(vec!["copydesk.test".into()]).unwrap();
        fs::write(folder.join("cert.pem"), made.cert.pem()).unwrap();
        fs::write(folder.join("key.pem"), made.signing_key.serialize_pem()).unwrap();
        made.cert.der().to_vec()
    }

    /// The certificate that a client is shown.
    async fn shown(certificates: &Certificates) -> Vec<u8> {
        let (near, far) = tokio::io::duplex(64 << 10);
        let name = ServerName::try_from("copydesk.test").unwrap();
        let client = connector(&certificates.config.certificate).unwrap();
        let server = certificates.acceptor().current();
        let (client, _server) =
            tokio::try_join!(client.connect(name, far), server.accept(near)).unwrap();
        client.get_ref().1.peer_certificates().unwrap()[0].to_vec()
    }

    #[tokio::test]
    async fn a_new_certificate_is_taken_and_a_broken_one_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let first = write(folder.path());
        let certificates = Certificates::load(TlsConfig {
            certificate: folder.path().join("cert.pem"),
            key: folder.path().join("key.pem"),
            client_authorities: None,
            look_every: TlsConfig::DEFAULT_LOOK_EVERY,
        })
        .unwrap();
        let current = async || shown(&certificates).await;
        assert_eq!(current().await, first);
        let second = write(folder.path());
        certificates.reload();
        assert_eq!(current().await, second);
        fs::write(folder.path().join("key.pem"), "no key").unwrap();
        certificates.reload();
        assert_eq!(current().await, second);
    }

    #[test]
    fn a_key_of_another_certificate_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path());
        let key = fs::read(folder.path().join("key.pem")).unwrap();
        write(folder.path());
        fs::write(folder.path().join("key.pem"), key).unwrap();
        let config = TlsConfig {
            certificate: folder.path().join("cert.pem"),
            key: folder.path().join("key.pem"),
            client_authorities: None,
            look_every: TlsConfig::DEFAULT_LOOK_EVERY,
        };
        assert!(matches!(
            Certificates::load(config),
            Err(TlsError::Unusable(_))
        ));
    }
}
