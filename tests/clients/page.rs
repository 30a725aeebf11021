//! The files and commands in a page of the documentation.
//!
//! A code block is a file if the line before it is a name in backticks and a
//! colon. Blocks in `sh` or `console` are commands, which run unless the line
//! before the block is `<!-- not run: REASON -->`.

use std::path::Path;

use crate::transcript::files;

/// The code blocks of a page, in order.
pub(crate) struct Page {
    pub(crate) blocks: Vec<Block>,
}

pub(crate) struct Block {
    /// The name of the file, if the block is one.
    pub(crate) name: Option<String>,
    pub(crate) language: String,
    pub(crate) text: String,
    /// Whether the commands run.
    pub(crate) runs: bool,
}

impl Page {
    /// Reads a page by its path in the repository.
    pub(crate) fn read(path: &str) -> Self {
        let path = files::folder().join("..").join(path);
        let text = std::fs::read_to_string(&path)
            .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        Self::parse(&text)
    }

    /// Splits a page at its fences: every second piece is a block.
    fn parse(text: &str) -> Self {
        let pieces: Vec<_> = text.split("\n```").collect();
        let blocks = pieces.chunks_exact(2).map(|pair| {
            let (language, text) = pair[1].split_once('\n').unwrap_or((pair[1], ""));
            let before = pair[0].trim_end().lines().last().unwrap_or_default();
            let name = before
                .strip_prefix('`')
                .and_then(|rest| rest.strip_suffix("`:"));
            Block {
                name: name.map(str::to_owned),
                language: language.to_owned(),
                text: format!("{text}\n"),
                runs: !before.starts_with("<!-- not run: "),
            }
        });
        Self {
            blocks: blocks.collect(),
        }
    }

    /// Names and contents of the files.
    pub(crate) fn files(&self) -> impl Iterator<Item = (&str, &str)> {
        let name = |block: &'_ Block| block.name.is_some();
        self.blocks
            .iter()
            .filter(move |block| name(block))
            .map(|block| (block.name.as_deref().unwrap_or_default(), &*block.text))
    }

    /// The content of the only file.
    pub(crate) fn only_file(&self) -> &str {
        let mut files = self.files();
        match (files.next(), files.next()) {
            (Some((_, text)), None) => text,
            _ => panic!("the page does not show exactly one file"),
        }
    }

    /// All `sh` blocks as one script.
    pub(crate) fn commands(&self) -> String {
        let blocks = self.blocks.iter().filter(|block| block.language == "sh");
        blocks.map(|block| &*block.text).collect()
    }

    /// Writes the files to a folder.
    pub(crate) fn write_files(&self, folder: &Path) {
        for (name, content) in self.files() {
            let path = folder.join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, content).unwrap();
        }
    }
}
