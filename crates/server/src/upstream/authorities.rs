//! Authorities that an operator trusts besides those of the public web.

use std::io;
use std::path::PathBuf;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

/// Reads the certificates of authorities from files in PEM.
///
/// # Errors
/// When a file cannot be read, or holds no certificate; the error names it.
pub fn authorities(files: &[PathBuf]) -> io::Result<Vec<CertificateDer<'static>>> {
    let mut read = Vec::new();
    for file in files {
        let named = |error: &dyn std::fmt::Display| {
            io::Error::other(format!("{}: {error}", file.display()))
        };
        let before = read.len();
        for certificate in CertificateDer::pem_file_iter(file).map_err(|error| named(&error))? {
            read.push(certificate.map_err(|error| named(&error))?);
        }
        if read.len() == before {
            return Err(named(&"no certificate in it"));
        }
    }
    Ok(read)
}
