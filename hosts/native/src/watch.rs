//! `--watch-config-file`: reloads all configuration files at once when they
//! change, or none of them.
//!
//! The files are polled several times a second, because change notifications of
//! the system do not reach containers. A writer may be halfway through, or have
//! removed a file for a moment. Files are therefore loaded once they have
//! stopped changing, and rejected only after a longer wait.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use imdsim::{Config, ResolvedInstance, STATE_KEY, Settings, State, UnixMillis};
use jiff::Timestamp;
use tokio::task::spawn_blocking;

use crate::error::Failure;
use crate::files::Files;
use crate::keyvalue::Store;
use crate::settings::Sources;

/// The polling interval. The slowest result takes [`LOOKS_BEFORE_REFUSAL`]
/// polls, less than a second.
const INTERVAL: Duration = Duration::from_millis(180);

/// Consecutive identical polls before a change is loaded.
const LOOKS_BEFORE_CHANGE: u32 = 2;

/// Consecutive identical polls before a change is rejected.
const LOOKS_BEFORE_REFUSAL: u32 = 4;

/// The configuration files and the state of their reload.
pub(crate) struct Watch {
    sources: Sources,
    values: Arc<dyn Store>,
    /// The active settings.
    settings: Settings,
    /// The contents evaluated last.
    judged: Files,
    /// The contents of the last poll, and the number of consecutive polls with
    /// these contents.
    seen: Files,
    looks: u32,
}

/// The result of a reload.
#[derive(Debug)]
pub(crate) enum ReloadResult {
    /// New settings to apply, and the names of the changed ones.
    Changed(Settings, Vec<&'static str>),
    /// The contents changed, but not the settings.
    Same,
    /// The new contents are invalid, and the active settings stay.
    Refused(Failure),
}

impl Watch {
    /// Watches the `files` that the `settings` were read from. The state in
    /// `values` must be valid under every reloaded configuration.
    pub(crate) fn new(
        sources: Sources,
        files: Files,
        settings: Settings,
        values: Arc<dyn Store>,
    ) -> Self {
        Self {
            sources,
            values,
            settings,
            judged: files.clone(),
            seen: files,
            looks: 0,
        }
    }

    /// Polls the files and reports each result. Runs until dropped.
    pub(crate) async fn run(mut self, tell: impl Fn(ReloadResult)) {
        let mut interval = tokio::time::interval(INTERVAL);
        loop {
            interval.tick().await;
            let look = spawn_blocking(move || {
                let found = self.seen.read_again();
                let verdict = self.look(found);
                (self, verdict)
            });
            let verdict;
            (self, verdict) = look.await.expect("a look ends and does not panic");
            verdict.into_iter().for_each(&tell);
        }
    }

    /// Evaluates the contents found by a poll.
    fn look(&mut self, found: Files) -> Option<ReloadResult> {
        if found == self.seen {
            self.looks = self.looks.saturating_add(1);
        } else {
            self.seen = found;
            self.looks = 1;
        }
        if self.seen == self.judged || self.looks < LOOKS_BEFORE_CHANGE {
            return None;
        }
        let judged = catch_unwind(AssertUnwindSafe(|| self.judge()));
        let verdict = match judged.unwrap_or_else(|_| Err(unexpected())) {
            Err(_) if self.looks < LOOKS_BEFORE_REFUSAL => return None,
            Err(failure) => ReloadResult::Refused(failure),
            Ok(settings) => {
                let changed = self.settings.differences(&settings);
                self.settings = settings.clone();
                if changed.is_empty() {
                    ReloadResult::Same
                } else {
                    ReloadResult::Changed(settings, changed)
                }
            }
        };
        self.judged = self.seen.clone();
        Some(verdict)
    }

    /// Returns the settings in the files if they are valid, also with the
    /// stored state.
    fn judge(&mut self) -> Result<Settings, Failure> {
        let settings = self.sources.gather(&mut self.seen)?;
        // The component parses them again as one document.
        Settings::parse("the settings together", &settings.to_json())?;
        let config = Config::new(&settings)?;
        let stored = self.values.get(STATE_KEY).unwrap_or_default();
        // Clients already get an error for an invalid state document.
        if let Ok(state) = State::read(stored.as_deref()) {
            let resolved = ResolvedInstance::new(
                config,
                state,
                UnixMillis(Timestamp::now().as_millisecond()),
            )?;
            let fits = resolved.check(&resolved.state);
            fits.map_err(|problem| problem.within("the state document does not fit"))?;
        }
        Ok(settings)
    }
}

impl fmt::Display for ReloadResult {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Changed(_, names) => write!(f, "configuration reloaded: {}", names.join(", ")),
            Self::Same => f.write_str("configuration read again: nothing has changed"),
            Self::Refused(failure) => write!(
                f,
                "configuration not reloaded; the previous one stays in force: {failure}"
            ),
        }
    }
}

/// The error for a panic during a reload. The program continues with the active
/// settings.
fn unexpected() -> Failure {
    Failure::new(
        "the files",
        "imdsim crashed while reading them",
        "report this as a bug of imdsim",
    )
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::PathBuf;

    use super::*;
    use crate::keyvalue::{Change, MemoryStore};
    use crate::settings::{InstanceFlags, SettingsFlags};

    /// A folder of configuration files, and their watch.
    struct Fixture {
        folder: tempfile::TempDir,
        watch: Watch,
        values: Arc<MemoryStore>,
    }

    const OPTIONAL: &str = r#"{"http_tokens": "optional"}"#;
    const REQUIRED: &str = r#"{"http_tokens": "required"}"#;

    impl Fixture {
        fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            let flags = SettingsFlags {
                instance: InstanceFlags {
                    config: Some(folder.path().join("config.json")),
                    user_data: Some(folder.path().join("user-data")),
                    ..InstanceFlags::default()
                },
                ..SettingsFlags::default()
            };
            fs::write(folder.path().join("config.json"), OPTIONAL).unwrap();
            fs::write(folder.path().join("user-data"), "hello").unwrap();
            let sources = Sources::new(&flags, std::iter::empty()).unwrap();
            let mut files = Files::default();
            let settings = sources.gather(&mut files).unwrap();
            let values = Arc::new(MemoryStore::default());
            let watch = Watch::new(
                sources,
                files,
                settings,
                Arc::clone(&values) as Arc<dyn Store>,
            );
            Self {
                folder,
                watch,
                values,
            }
        }

        fn path(&self, name: &str) -> PathBuf {
            self.folder.path().join(name)
        }

        fn write(&self, content: &str) {
            fs::write(self.path("config.json"), content).unwrap();
        }

        fn look(&mut self) -> Option<String> {
            let found = self.watch.seen.read_again();
            self.watch.look(found).map(|verdict| verdict.to_string())
        }

        /// All messages from now on, with unchanged files.
        fn said(&mut self) -> Vec<String> {
            (0..20).filter_map(|_| self.look()).collect()
        }
    }

    #[test]
    fn unchanged_files_cause_no_message() {
        assert!(Fixture::new().said().is_empty());
    }

    #[test]
    fn a_change_is_loaded_once_the_file_is_stable() {
        let mut fixture = Fixture::new();
        fixture.write(REQUIRED);
        assert_eq!(fixture.look(), None, "a writer may be in the middle");
        assert_eq!(fixture.said(), ["configuration reloaded: http_tokens"]);
    }

    #[test]
    fn changes_of_several_files_are_loaded_together() {
        let mut fixture = Fixture::new();
        fixture.write(REQUIRED);
        assert_eq!(fixture.look(), None);
        fs::write(fixture.path("user-data"), "hello again").unwrap();
        assert_eq!(
            fixture.said(),
            ["configuration reloaded: http_tokens, user_data"]
        );
    }

    #[test]
    fn a_half_written_file_causes_no_message() {
        let mut fixture = Fixture::new();
        fixture.write(&REQUIRED[..10]);
        for _ in 1..LOOKS_BEFORE_REFUSAL {
            assert_eq!(fixture.look(), None);
        }
        fixture.write(REQUIRED);
        assert_eq!(fixture.said(), ["configuration reloaded: http_tokens"]);
    }

    #[test]
    fn a_briefly_missing_file_causes_no_message() {
        let mut fixture = Fixture::new();
        fs::rename(fixture.path("config.json"), fixture.path("away")).unwrap();
        assert_eq!(fixture.look(), None);
        fs::rename(fixture.path("away"), fixture.path("config.json")).unwrap();
        assert!(fixture.said().is_empty());
    }

    #[test]
    fn a_replaced_file_is_loaded() {
        let mut fixture = Fixture::new();
        fs::write(fixture.path("draft"), REQUIRED).unwrap();
        fs::rename(fixture.path("draft"), fixture.path("config.json")).unwrap();
        assert_eq!(fixture.said(), ["configuration reloaded: http_tokens"]);
    }

    #[test]
    fn invalid_settings_are_rejected_once_and_the_active_ones_stay() {
        let mut fixture = Fixture::new();
        fixture.write(r#"{"http_tokens": "maybe"}"#);
        fs::write(fixture.path("user-data"), "never served").unwrap();
        let said = fixture.said();
        let [sentence] = &said[..] else {
            panic!("{said:?}");
        };
        let start = "configuration not reloaded; the previous one stays in force: ";
        assert!(sentence.starts_with(start), "{sentence}");
        assert!(
            sentence.contains("config.json: http_tokens: "),
            "{sentence}"
        );
        // Restores the active contents, except for the valid file.
        fixture.write(OPTIONAL);
        assert_eq!(fixture.said(), ["configuration reloaded: user_data"]);
    }

    #[test]
    fn a_missing_file_is_reported_as_at_start_up() {
        let mut fixture = Fixture::new();
        fs::remove_file(fixture.path("config.json")).unwrap();
        let said = fixture.said();
        assert_eq!(said.len(), 1, "{said:?}");
        assert!(
            said[0].contains("config.json: cannot read this file: "),
            "{said:?}"
        );
    }

    #[test]
    fn equivalent_settings_change_nothing() {
        let mut fixture = Fixture::new();
        fixture.write(&format!("\n{OPTIONAL}\n"));
        assert_eq!(
            fixture.said(),
            ["configuration read again: nothing has changed"]
        );
    }

    #[test]
    fn settings_that_contradict_the_state_are_rejected() {
        let mut fixture = Fixture::new();
        let mut state = State::default();
        state.instance = serde_json::json!({"Placement": {"AvailabilityZone": "nowhere"}});
        let set = &mut |_: Option<&[u8]>| Change::Set(state.to_bytes());
        fixture.values.update(STATE_KEY, set).unwrap();
        fixture.write(REQUIRED);
        let said = fixture.said();
        assert_eq!(said.len(), 1, "{said:?}");
        assert!(
            said[0].contains("the state document does not fit the instance"),
            "{said:?}"
        );
    }

    #[test]
    fn timeline_delays_count_from_program_start_after_a_reload() {
        let mut fixture = Fixture::new();
        let started = fixture.watch.settings.to_json();
        fixture.write(REQUIRED);
        assert_eq!(fixture.said().len(), 1);
        fixture.write(OPTIONAL);
        assert_eq!(fixture.said().len(), 1);
        assert_eq!(fixture.watch.settings.to_json(), started);
    }
}
