//! The keys of a suite on one machine: made once, kept where only their owner reads them.

use super::create_private;
use crate::failure::Failure;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chassis::config::Config;
use chassis::domain::PersonRef;
use chassis::sealing::person_ref;
use chassis::server::TokenIssuer;
use ed25519_dalek::SigningKey;
use ed25519_dalek::pkcs8::EncodePrivateKey;
use ed25519_dalek::pkcs8::spki::der::pem::LineEnding;
use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// Names the key that signs tokens.
const TOKEN_KEY_ID: &str = "up-1";

/// The suite's keys, all in one folder.
pub(crate) struct Keys {
    folder: PathBuf,
    pub(crate) issuer: TokenIssuer,
}

impl Keys {
    /// # Errors
    /// A file cannot be written, or holds something else than we would have written.
    pub(crate) fn load_or_create(folder: &Path) -> Result<Self, Failure> {
        create_private(folder)?;
        keep(&folder.join("sealing-master.key"), random_base64)?;
        keep(&folder.join("sealing-person.key"), random_base64)?;
        keep(&folder.join("credential-signing.pem"), random_pem)?;
        let token_key = keep(&folder.join("token-signing.key"), random_base64)?;
        let mut seed = Zeroizing::new([0; 32]);
        match STANDARD.decode(token_key.trim()).map(Zeroizing::new) {
            Ok(bytes) if bytes.len() == seed.len() => seed.copy_from_slice(&bytes),
            _ => {
                return Err(Failure::failed(format!(
                    "{} holds no key; remove it for a new one",
                    folder.join("token-signing.key").display()
                )));
            }
        }
        let issuer = TokenIssuer::with_key(TOKEN_KEY_ID, &seed).map_err(Failure::failed)?;
        std::fs::write(
            folder.join("token-keys.json"),
            serde_json::to_vec(&issuer.key_set())?,
        )?;
        Ok(Self {
            folder: folder.to_owned(),
            issuer,
        })
    }

    /// The reference that stands for the person with this identity number, in every service of this suite.
    ///
    /// # Errors
    /// The kept key is damaged.
    pub(crate) fn person(&self, identity_number: &str) -> Result<PersonRef, Failure> {
        let mut config = Config::default();
        self.put_into(&mut config);
        let keys = config.sealing.keys().map_err(Failure::failed)?;
        Ok(person_ref(&keys.person, "resident-id", identity_number))
    }

    pub(crate) fn put_into(&self, config: &mut Config) {
        config.auth.key_set_file = Some(self.folder.join("token-keys.json"));
        config.sealing.master_key_file = Some(self.folder.join("sealing-master.key"));
        config.sealing.person_key_file = Some(self.folder.join("sealing-person.key"));
        config.credentials.signing_key_file = Some(self.folder.join("credential-signing.pem"));
    }
}

/// What the file holds; a new one is made if there is none.
fn keep(
    path: &Path,
    make: fn() -> Result<Zeroizing<String>, Failure>,
) -> Result<Zeroizing<String>, Failure> {
    let failed = |error: &dyn std::fmt::Display| {
        Failure::failed(format!("cannot use {}: {error}", path.display()))
    };
    match std::fs::read_to_string(path) {
        Ok(text) => return Ok(Zeroizing::new(text)),
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(error) => return Err(failed(&error)),
    }
    let text = make()?;
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".new");
    let unfinished = folder.join(name);
    let written = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&unfinished)
        .and_then(|mut file| {
            file.write_all(text.as_bytes())?;
            file.sync_all()
        })
        // In one step: a key that is there is whole.
        .and_then(|()| std::fs::rename(&unfinished, path));
    written.map_err(|error| failed(&error))?;
    Ok(text)
}

fn random_base64() -> Result<Zeroizing<String>, Failure> {
    let bytes = Zeroizing::new(rand::random::<[u8; 32]>());
    Ok(Zeroizing::new(STANDARD.encode(*bytes)))
}

fn random_pem() -> Result<Zeroizing<String>, Failure> {
    let seed = Zeroizing::new(rand::random::<[u8; 32]>());
    SigningKey::from_bytes(&seed)
        .to_pkcs8_pem(LineEnding::LF)
        .map_err(Failure::failed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn keys_are_made_once_and_only_their_owner_reads_them() {
        let folder = tempfile::tempdir().unwrap();
        let keys = folder.path().join("keys");
        let first = Keys::load_or_create(&keys).unwrap();
        let second = Keys::load_or_create(&keys).unwrap();
        assert_eq!(first.issuer.key_set(), second.issuer.key_set());
        for name in [
            "sealing-master.key",
            "sealing-person.key",
            "credential-signing.pem",
            "token-signing.key",
        ] {
            let mode = std::fs::metadata(keys.join(name)).unwrap().permissions();
            assert_eq!(mode.mode() & 0o777, 0o600, "{name}");
        }
    }

    #[test]
    fn the_services_take_the_keys() {
        let folder = tempfile::tempdir().unwrap();
        let keys = Keys::load_or_create(folder.path()).unwrap();
        let mut config = Config::default();
        keys.put_into(&mut config);
        config.sealing.keys().unwrap();
        assert!(config.credentials.pem().unwrap().is_some());
    }

    #[test]
    fn a_damaged_key_is_named_and_not_replaced() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("token-signing.key"), "short").unwrap();
        let failure = Keys::load_or_create(folder.path()).err().unwrap();
        assert!(failure.to_string().contains("token-signing.key"));
        let kept = std::fs::read_to_string(folder.path().join("token-signing.key")).unwrap();
        assert_eq!(kept, "short");
    }
}
