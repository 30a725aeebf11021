//! Declaring the structs of descriptions, each with its reading and its schema.

/// Declares structs that read fields by name, and that describe themselves in
/// JSON Schema with the same words. The first line gives their visibility and
/// the treatment of unknown fields.
macro_rules! described {
    ($vis:vis $unknown:path; $(
        $(#[doc = $doc:literal])* $name:ident {
            $($(#[doc = $field_doc:literal])* $field:ident: $type:ty = $key:literal,)*
        }
    )*) => {$(
        $(#[doc = $doc])*
        #[derive(Clone, Debug, Default, PartialEq, Eq)]
        $vis struct $name {
            $($(#[doc = $field_doc])* pub $field: $type,)*
        }

        impl $name {
            /// The names of the fields.
            #[allow(dead_code, reason = "most are told by the schema alone")]
            pub(crate) const FIELDS: &'static [&'static str] = &[$($key),*];
        }

        impl $crate::description::read::Read for $name {
            fn read(value: &serde_json::Value) -> Result<Self, $crate::Problem> {
                let only = match $unknown {
                    $crate::description::schema::Unknown::Ignored => None,
                    $crate::description::schema::Unknown::Refused => Some(Self::FIELDS),
                };
                let mut fields = $crate::description::read::Fields::of(value, only)?;
                let mut read = Self::default();
                $(fields.field($key, &mut read.$field);)*
                fields.finish(read)
            }
        }

        impl $crate::description::schema::Schema for $name {
            fn schema(schemas: &mut $crate::description::schema::Schemas) -> serde_json::Value {
                schemas.object(stringify!($name), concat!($($doc),*), $unknown, |schemas| {
                    vec![$((
                        $key,
                        concat!($($field_doc),*),
                        <$type as $crate::description::schema::Schema>::schema(schemas),
                    ),)*]
                })
            }
        }
    )*};
}
pub(super) use described;
