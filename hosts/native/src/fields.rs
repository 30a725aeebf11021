//! `wasi:http`'s `fields.from-list` without a copy of every name and value.
//!
//! Of all calls between component and host this one moves the most, and every
//! response makes it. The fields are read where the component has them; the
//! rest of `wasi:http` is wasmtime's.

use http::{HeaderMap, HeaderName, HeaderValue};
use wasmtime::component::{Linker, Resource, WasmList, WasmStr};
use wasmtime::{Result, StoreContextMut};
use wasmtime_wasi_http::p2::bindings::http::types::HeaderError;
use wasmtime_wasi_http::{DEFAULT_FORBIDDEN_HEADERS, FieldMap, WasiHttpView};

/// As the linked `wasi:http` calls itself, which serves all earlier 0.2.
const INTERFACE: &str = "wasi:http/types@0.2.12";

type Entries = WasmList<(WasmStr, WasmList<u8>)>;

/// Takes the place of the function that is linked already.
pub(crate) fn add_to_linker<T: WasiHttpView + 'static>(linker: &mut Linker<T>) -> Result<()> {
    linker.allow_shadowing(true);
    linker.instance(INTERFACE)?.func_wrap(
        "[static]fields.from-list",
        |mut store, (entries,)| {
            let fields = match read(&mut store, &entries)? {
                Ok(fields) => fields,
                Err(error) => return Ok((Err(error),)),
            };
            let http = store.data_mut().http();
            let fields = FieldMap::new_immutable(http.hooks, fields);
            Ok((Ok::<Resource<FieldMap>, _>(http.table.push(fields)?),))
        },
    )?;
    linker.allow_shadowing(false);
    Ok(())
}

fn read<T: 'static>(
    store: &mut StoreContextMut<'_, T>,
    entries: &Entries,
) -> Result<Result<HeaderMap, HeaderError>> {
    let entries: Vec<_> = entries.iter(&mut *store)?.collect::<Result<_>>()?;
    let mut fields = HeaderMap::with_capacity(entries.len());
    for (name, value) in entries {
        let name = HeaderName::from_bytes(name.to_str(&*store)?.as_bytes());
        let value = HeaderValue::from_bytes(value.as_le_slice(&*store));
        let (Ok(name), Ok(value)) = (name, value) else {
            return Ok(Err(HeaderError::InvalidSyntax));
        };
        if DEFAULT_FORBIDDEN_HEADERS.contains(&name) {
            return Ok(Err(HeaderError::Forbidden));
        }
        fields.append(name, value);
    }
    Ok(Ok(fields))
}
