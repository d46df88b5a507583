use super::*;
use crate::config::Config;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde::Deserialize;

#[derive(Debug, PartialEq, Serialize, Deserialize, Zeroize)]
struct Contact {
    name: String,
    phone: String,
}

fn contact() -> Contact {
    Contact {
        name: "示例人".to_owned(),
        phone: "00000000000".to_owned(),
    }
}

fn keys(current: &str, masters: &[(&str, u8)]) -> SealingKeys {
    SealingKeys {
        person: Zeroizing::new([1; 32]),
        current: current.to_owned(),
        masters: masters
            .iter()
            .map(|(id, byte)| ((*id).to_owned(), Zeroizing::new([*byte; 32])))
            .collect(),
    }
}

fn sealer(store: &Arc<MemoryKeyStore>) -> Sealer {
    Sealer::new(
        &keys("1", &[("1", 9)]),
        Arc::clone(store) as Arc<dyn KeyStore>,
    )
}

#[tokio::test]
async fn what_is_sealed_is_opened_again_also_by_another_replica() {
    let store = Arc::new(MemoryKeyStore::default());
    let (one, other) = (sealer(&store), sealer(&store));
    let person = one.person("resident-id", "sample-1");
    let sealed = one.seal(&person, "contact", &contact()).await.unwrap();
    let opened = other
        .open::<Contact>(&sealed, "contact")
        .await
        .unwrap()
        .unwrap();
    assert_eq!(*opened, contact());
    assert!(!sealed.bytes.windows(11).any(|w| w == b"00000000000"));
}

#[tokio::test]
async fn many_replicas_at_once_make_one_key() {
    let store = Arc::new(MemoryKeyStore::default());
    let person = sealer(&store).person("resident-id", "sample-1");
    let sealing = (0..20).map(|_| {
        let (sealer, person) = (sealer(&store), person.clone());
        tokio::spawn(async move { sealer.seal(&person, "contact", &contact()).await.unwrap() })
    });
    let reader = sealer(&store);
    for sealed in futures::future::join_all(sealing).await {
        assert!(
            reader
                .open::<Contact>(&sealed.unwrap(), "contact")
                .await
                .unwrap()
                .is_some()
        );
    }
}

#[tokio::test]
async fn an_erased_person_cannot_be_opened_or_sealed_for_again() {
    let store = Arc::new(MemoryKeyStore::default());
    let person = sealer(&store).person("resident-id", "sample-1");
    let sealed = sealer(&store)
        .seal(&person, "contact", &contact())
        .await
        .unwrap();
    store.erase(&person, Timestamp::UNIX_EPOCH);

    // A replica that starts now; one that held the key forgets it within 30 s.
    let replica = sealer(&store);
    assert!(
        replica
            .open::<Contact>(&sealed, "contact")
            .await
            .unwrap()
            .is_none()
    );
    let again = replica.seal(&person, "contact", &contact()).await;
    assert!(matches!(again, Err(SealingError::Erased)), "{again:?}");
    let late_copy = KeyEntry::Wrapped {
        master: "1".to_owned(),
        bytes: vec![0; 72],
    };
    let kept = store.get_or_create(&person, late_copy).await.unwrap();
    assert!(matches!(kept, KeyEntry::Erased { .. }));
}

#[tokio::test]
async fn data_cannot_be_moved_to_another_field_or_person_nor_changed() {
    let store = Arc::new(MemoryKeyStore::default());
    let sealer = sealer(&store);
    let person = sealer.person("resident-id", "sample-1");
    let other = sealer.person("resident-id", "sample-2");
    let sealed = sealer.seal(&person, "contact", &contact()).await.unwrap();
    sealer.seal(&other, "contact", &contact()).await.unwrap();

    let moved = Sealed {
        person: other,
        ..sealed.clone()
    };
    let mut changed = sealed.clone();
    changed.bytes[30] ^= 1;
    let cut = Sealed {
        bytes: sealed.bytes[..10].into(),
        ..sealed.clone()
    };
    let format = Sealed {
        format: 2,
        ..sealed.clone()
    };
    for (case, sealed, field) in [
        ("other field", &sealed, "home"),
        ("other person", &moved, "contact"),
        ("changed", &changed, "contact"),
        ("cut", &cut, "contact"),
        ("format", &format, "contact"),
    ] {
        let opened = sealer.open::<Contact>(sealed, field).await;
        assert!(
            matches!(opened, Err(SealingError::Damaged(_))),
            "{case}: {opened:?}"
        );
    }
}

#[tokio::test]
async fn a_retired_master_key_still_opens_and_a_missing_one_is_named() {
    let store = Arc::new(MemoryKeyStore::default());
    let shared = || Arc::clone(&store) as Arc<dyn KeyStore>;
    let old = Sealer::new(&keys("old", &[("old", 1)]), shared());
    let person = old.person("resident-id", "sample-1");
    let sealed = old.seal(&person, "contact", &contact()).await.unwrap();

    let rotated = Sealer::new(&keys("new", &[("old", 1), ("new", 2)]), shared());
    assert!(
        rotated
            .open::<Contact>(&sealed, "contact")
            .await
            .unwrap()
            .is_some()
    );
    let lost = Sealer::new(&keys("new", &[("new", 2)]), shared());
    let opened = lost.open::<Contact>(&sealed, "contact").await;
    assert!(
        matches!(&opened, Err(SealingError::UnknownMasterKey(id)) if id == "old"),
        "{opened:?}"
    );
    let wrong = Sealer::new(&keys("old", &[("old", 3)]), shared());
    assert!(matches!(
        wrong.open::<Contact>(&sealed, "contact").await,
        Err(SealingError::Damaged(_))
    ));
}

#[test]
fn a_retired_master_key_does_not_take_the_id_of_the_current_one() {
    let [current, other] = [[1_u8; 32], [2; 32]].map(|key| STANDARD.encode(key));
    let read = |id: &str, retired: &str| {
        let toml = format!(
            "auth.mode = \"development\"\n[sealing]\nmaster_key = \"{current}\"\nmaster_key_id = \"2026\"\n\
             person_key = \"{current}\"\n[sealing.retired_master_keys]\n{id} = \"{retired}\"\n"
        );
        Config::parse(&toml, []).map(|config| config.sealing.keys().unwrap())
    };
    let keys = read("2025", &other).unwrap();
    assert_eq!(*keys.masters["2026"], [1; 32]);
    assert_eq!(*keys.masters["2025"], [2; 32]);
    // Written down twice it is still one key.
    let twice = read("2026", &current).unwrap();
    assert_eq!(twice.masters.len(), 1);
    let refused = read("2026", &other).unwrap_err().to_string();
    assert!(
        refused.contains("`sealing.retired_master_keys.2026`"),
        "{refused}"
    );
    assert!(!refused.contains(&other), "secrets are shown nowhere");
}

#[test]
fn a_person_is_the_same_however_the_number_is_written_and_another_under_another_key() {
    let store = Arc::new(MemoryKeyStore::default());
    let sealer = sealer(&store);
    let person = sealer.person("resident-id", "44011320141005001X");
    assert_eq!(
        person,
        sealer.person("resident-id", " 440113 20141005 001x")
    );
    assert_ne!(person, sealer.person("passport", "44011320141005001X"));
    let mut other = keys("1", &[("1", 9)]);
    other.person = Zeroizing::new([2; 32]);
    let other = Sealer::new(&other, Arc::new(MemoryKeyStore::default()));
    assert_ne!(person, other.person("resident-id", "44011320141005001X"));
}

#[tokio::test]
async fn a_value_beyond_16_kib_is_refused() {
    let sealer = sealer(&Arc::new(MemoryKeyStore::default()));
    let person = sealer.person("resident-id", "sample-1");
    let sealed = sealer
        .seal(&person, "contact", &"x".repeat(16 * 1024 + 1))
        .await;
    assert!(
        matches!(sealed, Err(SealingError::Unsealable(_))),
        "{sealed:?}"
    );
}

#[test]
fn key_entries_keep_their_written_form() {
    let entry = KeyEntry::Wrapped {
        master: "1".to_owned(),
        bytes: vec![1, 2, 3],
    };
    assert_eq!(
        serde_json::to_string(&entry).unwrap(),
        r#"{"wrapped":{"master":"1","bytes":"AQID"}}"#
    );
    let mark = KeyEntry::Erased {
        at: Timestamp::UNIX_EPOCH,
    };
    assert_eq!(
        serde_json::to_string(&mark).unwrap(),
        r#"{"erased":{"at":"1970-01-01T00:00:00Z"}}"#
    );
}
