//! The section "Use it with …" of README.md: for each tool the files that it
//! needs, every one after a line that names it, and the commands to run then.

use std::path::Path;

use crate::transcript::files;

/// What README.md says of one tool, block by block, as it stands there.
pub(crate) struct Snippet {
    /// Names and contents.
    files: Vec<(String, String)>,
    /// Lines for a shell.
    pub(crate) commands: Vec<String>,
}

impl Snippet {
    /// The one below the heading of this tool.
    pub(crate) fn of(tool: &str) -> Self {
        let readme = std::fs::read_to_string(files::folder().join("../README.md")).unwrap();
        let (_, section) = readme.split_once(SECTION).expect("there is the section");
        let section = section.split("\n## ").next().unwrap();
        let mut parts = section.split("\n### ");
        let part = parts
            .find_map(|part| part.strip_prefix(tool)?.strip_prefix('\n'))
            .unwrap_or_else(|| panic!("there is no {tool} in the section"));
        Self::parse(part)
    }

    /// Odd pieces between fences are blocks, even ones the words before them.
    fn parse(part: &str) -> Self {
        let pieces: Vec<_> = part.split("```").collect();
        let (mut files, mut commands) = (Vec::new(), Vec::new());
        for pair in pieces.chunks_exact(2) {
            let (language, block) = pair[1].split_once('\n').unwrap();
            let name = pair[0].trim_end().lines().last();
            let name = name.and_then(|line| line.strip_prefix('`')?.strip_suffix("`:"));
            match (name, language) {
                (Some(name), _) => files.push((name.to_owned(), block.to_owned())),
                (None, "sh") => commands.extend(block.lines().map(str::to_owned)),
                (None, _) => panic!("this block is neither named nor for a shell:\n{block}"),
            }
        }
        assert!(!files.is_empty(), "there are files in:\n{part}");
        Self { files, commands }
    }

    /// Writes its files.
    pub(crate) fn write(&self, folder: &Path) {
        for (name, content) in &self.files {
            let path = folder.join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, content).unwrap();
        }
    }

    /// The only file.
    pub(crate) fn file(&self) -> &str {
        let [(_, content)] = &self.files[..] else {
            panic!("this is not one file");
        };
        content
    }
}

const SECTION: &str = "\n## Use it with …\n";
