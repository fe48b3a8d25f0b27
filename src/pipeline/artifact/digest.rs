//! The digest covers every byte of the file that it stands in: its own digits are read as zeros.

use sha2::{Digest, Sha256};

use super::ArtifactError;

const DIGEST_CHARS: usize = 64;

/// What stands for a digest that is not known yet.
pub(super) fn zeros() -> String {
    "0".repeat(DIGEST_CHARS)
}

/// Puts the digest where the zeros are.
pub(super) fn write_digest(bytes: &mut [u8]) -> Result<(), ArtifactError> {
    let at = find(bytes, zeros().as_bytes()).ok_or(ArtifactError::NoManifest)?;
    let digest = hex(&Sha256::digest(&*bytes));
    bytes[at..at + DIGEST_CHARS].copy_from_slice(digest.as_bytes());
    Ok(())
}

/// Whether bytes have the digest that stands in them.
pub(super) fn check_digest(bytes: &[u8], expected: &str) -> Result<(), ArtifactError> {
    let damaged = |found: String| ArtifactError::Digest {
        found,
        expected: expected.to_owned(),
    };
    let at = find(bytes, expected.as_bytes()).filter(|_| expected.len() == DIGEST_CHARS);
    let Some(at) = at else {
        return Err(damaged("unknown".to_owned()));
    };
    let mut sha = Sha256::new();
    sha.update(&bytes[..at]);
    sha.update([b'0'; DIGEST_CHARS]);
    sha.update(&bytes[at + DIGEST_CHARS..]);
    let found = hex(&sha.finalize());
    if found == expected {
        Ok(())
    } else {
        Err(damaged(found))
    }
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes
        .windows(wanted.len().max(1))
        .position(|window| window == wanted)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
