//! The file operations of `wasi:filesystem`, below the mounted folder.

use std::cell::{OnceCell, RefCell};
use std::io::{self, ErrorKind};

use imdsim_adapter::Host as _;
use imdsim_adapter::wasi::Wasi;
use imdsim_adapter::wasi::bindings::wasi::filesystem::preopens::get_directories;
use imdsim_adapter::wasi::bindings::wasi::filesystem::types::{
    Descriptor, DescriptorFlags, DescriptorType, DirectoryEntry, ErrorCode, MetadataHashValue,
    OpenFlags, PathFlags,
};
use imdsim_file_store::{Files, MOUNT, absent};

/// The files below the folder mounted at [`MOUNT`].
#[derive(Debug, Default)]
pub(crate) struct WasiFiles {
    mounted: OnceCell<Option<Descriptor>>,
    /// The file that was read last, for reused instances.
    last: RefCell<Option<ReadFile>>,
}

/// A file that was read. While it is open, no other file has its identity.
#[derive(Debug)]
struct ReadFile {
    path: String,
    file: Descriptor,
    identity: Option<MetadataHashValue>,
    content: Vec<u8>,
}

/// Length in bytes that most files stay below.
const USUAL_LEN: u64 = 4096;

/// Length in bytes of one read of a longer file.
const CHUNK: u64 = 64 * 1024;

impl WasiFiles {
    /// The files below the folder mounted at [`MOUNT`]. A missing one is empty.
    pub(crate) const fn new() -> Self {
        Self {
            mounted: OnceCell::new(),
            last: RefCell::new(None),
        }
    }

    /// Whether a folder is mounted.
    pub(crate) fn is_mounted(&self) -> bool {
        self.folder().is_ok()
    }

    fn folder(&self) -> io::Result<&Descriptor> {
        let mounted = self.mounted.get_or_init(|| {
            let folders = get_directories().into_iter();
            let mut mounted = folders.filter(|(_, path)| path == MOUNT);
            mounted.next().map(|(folder, _)| folder)
        });
        mounted.as_ref().ok_or(ErrorKind::NotFound.into())
    }

    fn open(&self, path: &str, open: OpenFlags, flags: DescriptorFlags) -> io::Result<Descriptor> {
        let path = if path.is_empty() { "." } else { path };
        let folder = self.folder()?;
        let opened = folder.open_at(PathFlags::empty(), path, open, flags);
        opened.map_err(error)
    }

    fn entries(&self, folder: &str) -> io::Result<Vec<DirectoryEntry>> {
        let folder = self.open(folder, OpenFlags::DIRECTORY, DescriptorFlags::READ)?;
        let listed = folder.read_directory().map_err(error)?;
        let mut entries = Vec::new();
        while let Some(entry) = listed.read_directory_entry().map_err(error)? {
            entries.push(entry);
        }
        Ok(entries)
    }

    /// The content of the file that was read last, if it still has this path.
    fn unchanged(&self, path: &str) -> io::Result<Option<Vec<u8>>> {
        let mut last = self.last.borrow_mut();
        let Some(last) = last.as_mut().filter(|last| last.path == path) else {
            return Ok(None);
        };
        let now = self.folder()?.metadata_hash_at(PathFlags::empty(), path);
        let now = now.map_err(error)?;
        let known = match &last.identity {
            Some(identity) => identity,
            None => last
                .identity
                .insert(last.file.metadata_hash().map_err(error)?),
        };
        let is_same = (known.lower, known.upper) == (now.lower, now.upper);
        Ok(is_same.then(|| last.content.clone()))
    }
}

impl Files for WasiFiles {
    fn read(&self, path: &str) -> io::Result<Vec<u8>> {
        if let Some(content) = self.unchanged(path)? {
            return Ok(content);
        }
        let file = self.open(path, OpenFlags::empty(), DescriptorFlags::READ)?;
        let content = read_all(&file)?;
        self.last.replace(Some(ReadFile {
            path: path.to_owned(),
            file,
            identity: None,
            content: content.clone(),
        }));
        Ok(content)
    }

    fn create(&self, path: &str, mut content: &[u8]) -> io::Result<()> {
        let new = OpenFlags::CREATE | OpenFlags::EXCLUSIVE;
        let file = self.open(path, new, DescriptorFlags::WRITE)?;
        let mut offset = 0;
        while !content.is_empty() {
            let chunk = &content[..content.len().min(to_len(CHUNK))];
            let written = file.write(chunk, offset).map_err(error)?;
            content = &content[to_len(written)..];
            offset += written;
        }
        file.sync().map_err(error)
    }

    fn link(&self, from: &str, to: &str) -> io::Result<()> {
        let folder = self.folder()?;
        let linked = folder.link_at(PathFlags::empty(), from, folder, to);
        linked.map_err(error)
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let folder = self.folder()?;
        folder.rename_at(from, folder, to).map_err(error)
    }

    fn remove(&self, path: &str) -> io::Result<()> {
        self.folder()?.unlink_file_at(path).map_err(error)
    }

    fn create_folder(&self, path: &str) -> io::Result<()> {
        match self.folder()?.create_directory_at(path) {
            Err(ErrorCode::Exist) => Ok(()),
            created => created.map_err(error),
        }
    }

    fn names(&self, folder: &str) -> io::Result<Vec<String>> {
        let entries = self.entries(folder)?.into_iter();
        Ok(entries.map(|entry| entry.name).collect())
    }

    fn remove_folder(&self, path: &str) -> io::Result<()> {
        for entry in self.entries(path)? {
            let path = format!("{path}/{}", entry.name);
            absent(match entry.type_ {
                DescriptorType::Directory => self.remove_folder(&path),
                _ => self.remove(&path),
            })?;
        }
        self.folder()?.remove_directory_at(path).map_err(error)
    }

    fn sync_folder(&self, path: &str) {
        if let Ok(folder) = self.open(path, OpenFlags::DIRECTORY, DescriptorFlags::READ) {
            // Not every host can sync folders. A crash of the program alone loses
            // nothing either way.
            let _ = folder.sync();
        }
    }

    fn random(&self) -> u64 {
        Wasi::random()
    }
}

/// Reads a file to its end, which a read that returns less than it could marks:
/// files are complete before they get their path.
fn read_all(file: &Descriptor) -> io::Result<Vec<u8>> {
    let (mut content, _) = file.read(USUAL_LEN, 0).map_err(error)?;
    let mut is_end = content.len() < to_len(USUAL_LEN);
    while !is_end {
        let (chunk, _) = file.read(CHUNK, content.len() as u64).map_err(error)?;
        is_end = chunk.is_empty();
        content.extend(chunk);
    }
    Ok(content)
}

/// Converts the length of a part of a file, which fits into memory.
fn to_len(length: u64) -> usize {
    usize::try_from(length).unwrap_or(usize::MAX)
}

/// Converts an error; its text is the name of the code, such as `no-entry`.
fn error(code: ErrorCode) -> io::Error {
    match code {
        ErrorCode::NoEntry => ErrorKind::NotFound.into(),
        ErrorCode::Exist => ErrorKind::AlreadyExists.into(),
        code => io::Error::other(code.name()),
    }
}
