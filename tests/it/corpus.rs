use crate::client::Client;
use crate::transcript::files;

/// An instance with a name.
pub(crate) struct Sample {
    pub(crate) name: String,
    /// Its document; the built-in instance has none.
    document: Option<String>,
}

/// The built-in instance and all documents below `tests/data`.
pub(crate) fn all() -> Vec<Sample> {
    let paths = ["data", "data/instances"].map(|place| files::with_extension(place, "json"));
    let documented = paths.concat().into_iter().map(|path| Sample {
        name: path.file_stem().unwrap().to_string_lossy().into_owned(),
        document: Some(std::fs::read_to_string(&path).unwrap()),
    });
    let built_in = Sample {
        name: "built-in".into(),
        document: None,
    };
    std::iter::once(built_in).chain(documented).collect()
}

impl Sample {
    /// The instance, served; it answers without a token too.
    pub(crate) fn serve(&self) -> Client {
        let document = self.document.iter().map(|text| ("instance", &**text));
        let settings: Vec<_> = document.chain([("http_tokens", "optional")]).collect();
        Client::new(&settings)
    }
}
