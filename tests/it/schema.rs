use jsonschema::Validator;
use serde_json::{Value, json};

use crate::transcript;

fn schema() -> Validator {
    jsonschema::options()
        .should_validate_formats(true)
        .build(&imdsim::description::schema())
        .unwrap()
}

#[test]
fn schema_accepts_every_document_of_the_tests() {
    let schema = schema();
    let mut seen = 0;
    let mut folders = vec![transcript::folder().join("data")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                // The AWS mock's configuration describes no instance.
                folders.extend(Some(path).filter(|path| !path.ends_with("mock")));
            } else if path
                .extension()
                .is_some_and(|extension| extension == "json")
            {
                let document: Value =
                    serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
                let message = schema.validate(&document).err();
                assert!(message.is_none(), "{}: {message:?}", path.display());
                seen += 1;
            }
        }
    }
    assert!(seen > 0);
}

#[test]
fn schema_rejects_documents_that_the_emulator_rejects() {
    let schema = schema();
    for document in [
        json!(5),
        json!({ "InstanceType": 5 }),
        json!({ "NetworkInterfaces": [{ "MacAddress": "0e:ff" }] }),
        json!({ "Reservations": [{ "Instances": [{ "PrivateIpAddress": "10.0.0" }] }] }),
        json!([{ "MetadataOptions": { "HttpTokens": "maybe" } }]),
        json!({ "Imdsim": { "Overrides": { "meta-data/x": 1 } } }),
        json!({ "Imdsim": { "Foo": 1 } }),
        json!({ "NetworkInterfaces": [{ "Imdsim": { "Foo": 1 } }] }),
        json!({ "instance_id": "i-1" }),
        json!({ "Reservations": [{ "Instances": [{ "instance_id": "i-1" }] }] }),
    ] {
        assert!(!schema.is_valid(&document), "{document}");
        let read = imdsim::description::Description::read(&document);
        assert!(read.is_err(), "{document}");
    }
}
