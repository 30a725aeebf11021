//! What clap has to say about a command line, in one sentence.

use clap::error::{ContextKind, ContextValue, ErrorKind};

use crate::fail::Failure;

/// Condenses clap's paragraphs to one sentence.
pub(super) fn condense(error: &clap::Error) -> Failure {
    let text = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => text.clone(),
        Some(ContextValue::Strings(texts)) => texts.join(", "),
        _ => String::new(),
    };
    let argument = text(ContextKind::InvalidArg);
    let place = argument.split([' ', '=']).next().unwrap_or_default();
    let value = text(ContextKind::InvalidValue);
    let suggestion = text(ContextKind::SuggestedArg);
    let remedy = if suggestion.is_empty() {
        "see `imdsim --help`".to_owned()
    } else {
        format!("did you mean `{suggestion}`? See `imdsim --help`")
    };
    match error.kind() {
        ErrorKind::UnknownArgument => Failure::new(place, "there is no such flag", remedy),
        ErrorKind::InvalidSubcommand => Failure::new(
            text(ContextKind::InvalidSubcommand),
            "there is no such command",
            remedy,
        ),
        ErrorKind::InvalidValue if value.is_empty() => {
            Failure::new(place, "the value is missing", remedy)
        }
        ErrorKind::InvalidValue => Failure::new(
            place,
            format!("{value:?} is not one of {}", text(ContextKind::ValidValue)),
            remedy,
        ),
        ErrorKind::ArgumentConflict => {
            let other = text(ContextKind::PriorArg);
            let other = other.split([' ', '=']).next().unwrap_or_default();
            if other.is_empty() || other == place {
                Failure::new(place, "given more than once", remedy)
            } else {
                let what = format!("it does not go with {other}");
                Failure::new(place, what, remedy)
            }
        }
        ErrorKind::TooManyValues => Failure::new(place, "this flag takes no value", remedy),
        ErrorKind::InvalidUtf8 => Failure::new("the command line", "not UTF-8 text", remedy),
        _ => {
            let rendered = error.render().to_string();
            let first = rendered.lines().next().unwrap_or_default();
            let what = first.trim_start_matches("error: ");
            Failure::new("the command line", what, remedy)
        }
    }
}
