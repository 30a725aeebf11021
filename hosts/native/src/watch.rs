//! `--watch-config-file`: what is in the files takes the place of the settings
//! in force, whole and at once, or not at all.
//!
//! The files are looked at several times a second, for the system's notices of
//! changes do not reach into containers. A writer may be in the middle of its
//! work, or have taken the file away for a moment: so they are judged once they
//! have rested, and what cannot be understood has to rest for longer.

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

/// From one look to the next. The slowest verdict comes after
/// [`LOOKS_BEFORE_REFUSAL`] of them, within a second.
const INTERVAL: Duration = Duration::from_millis(180);

/// How many looks in a row must find the same before it is taken over.
const LOOKS_BEFORE_CHANGE: u32 = 2;

/// How many must find the same before it is refused.
const LOOKS_BEFORE_REFUSAL: u32 = 4;

/// The files, and what has become of them so far.
pub(crate) struct Watch {
    sources: Sources,
    values: Arc<dyn Store>,
    /// The settings in force.
    settings: Settings,
    /// What was judged last.
    judged: Files,
    /// What the last look found, and how many in a row have found it.
    seen: Files,
    looks: u32,
}

/// What became of a change.
#[derive(Debug)]
pub(crate) enum ReloadResult {
    /// These settings are to be put in force; the names are those that differ.
    Changed(Settings, Vec<&'static str>),
    /// The files say what they said, in other words.
    Same,
    /// What is in force stays so, for this reason.
    Refused(Failure),
}

impl Watch {
    /// Watches the `files` that the `settings` came from. What `values` hold
    /// must make sense under all settings that are taken over.
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

    /// Looks at the files until this is dropped, and tells what comes of it.
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

    /// Takes note of what a look has found.
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

    /// The settings that the files make, if every request can be answered under
    /// them: also with what control calls have left.
    fn judge(&mut self) -> Result<Settings, Failure> {
        let settings = self.sources.gather(&mut self.seen)?;
        // The component reads them once more, all in one document.
        Settings::parse("the settings together", &settings.to_json())?;
        let config = Config::new(&settings)?;
        let stored = self.values.get(STATE_KEY).unwrap_or_default();
        // What is no state is told to every client already.
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

/// What is said when judging fails in a way that it never should: whatever is
/// in the files, the program goes on.
fn unexpected() -> Failure {
    Failure::new(
        "the files",
        "this program fails on what is in them",
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

    /// Files in a folder of their own, and the watch over them.
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

        /// All that is said from now on, while nothing changes.
        fn said(&mut self) -> Vec<String> {
            (0..20).filter_map(|_| self.look()).collect()
        }
    }

    #[test]
    fn files_that_stay_as_they_are_make_no_news() {
        assert!(Fixture::new().said().is_empty());
    }

    #[test]
    fn a_change_is_taken_over_once_it_rests() {
        let mut fixture = Fixture::new();
        fixture.write(REQUIRED);
        assert_eq!(fixture.look(), None, "a writer may be in the middle");
        assert_eq!(fixture.said(), ["configuration reloaded: http_tokens"]);
    }

    #[test]
    fn changes_of_several_files_are_one_change() {
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
    fn half_a_file_is_no_news_when_the_rest_follows() {
        let mut fixture = Fixture::new();
        fixture.write(&REQUIRED[..10]);
        for _ in 1..LOOKS_BEFORE_REFUSAL {
            assert_eq!(fixture.look(), None);
        }
        fixture.write(REQUIRED);
        assert_eq!(fixture.said(), ["configuration reloaded: http_tokens"]);
    }

    #[test]
    fn a_file_that_vanishes_for_a_moment_is_no_news() {
        let mut fixture = Fixture::new();
        fs::rename(fixture.path("config.json"), fixture.path("away")).unwrap();
        assert_eq!(fixture.look(), None);
        fs::rename(fixture.path("away"), fixture.path("config.json")).unwrap();
        assert!(fixture.said().is_empty());
    }

    #[test]
    fn a_file_that_is_replaced_by_another_is_taken_over() {
        let mut fixture = Fixture::new();
        fs::write(fixture.path("draft"), REQUIRED).unwrap();
        fs::rename(fixture.path("draft"), fixture.path("config.json")).unwrap();
        assert_eq!(fixture.said(), ["configuration reloaded: http_tokens"]);
    }

    #[test]
    fn what_cannot_be_understood_is_refused_once_and_what_was_stays() {
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
        // Back to what is in force, save the file that was not to blame.
        fixture.write(OPTIONAL);
        assert_eq!(fixture.said(), ["configuration reloaded: user_data"]);
    }

    #[test]
    fn a_file_that_is_gone_is_refused_in_the_words_of_the_start() {
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
    fn the_same_settings_in_other_words_change_nothing() {
        let mut fixture = Fixture::new();
        fixture.write(&format!("\n{OPTIONAL}\n"));
        assert_eq!(
            fixture.said(),
            ["configuration read again: nothing has changed"]
        );
    }

    #[test]
    fn settings_under_which_the_state_makes_no_sense_are_refused() {
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
    fn delays_of_the_timeline_count_from_the_start_all_along() {
        let mut fixture = Fixture::new();
        let started = fixture.watch.settings.to_json();
        fixture.write(REQUIRED);
        assert_eq!(fixture.said().len(), 1);
        fixture.write(OPTIONAL);
        assert_eq!(fixture.said().len(), 1);
        assert_eq!(fixture.watch.settings.to_json(), started);
    }
}
