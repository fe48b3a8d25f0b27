//! Model files on the disk: read whole, tried, and written so that none is ever half there.

use std::fs::{self, File, Permissions};
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

use super::data_args::is_stdin;
use crate::pipeline::{Options, Pipeline};
use crate::text::{Article, ArticleDraft};

/// Reads a model file; `None`: the built-in model.
pub(super) fn load(file: Option<&Path>) -> anyhow::Result<Pipeline> {
    match file {
        None => Pipeline::built_in().context("the built-in model"),
        Some(file) => {
            let name = file.display();
            let bytes =
                fs::read(file).with_context(|| format!("cannot read the model file {name}"))?;
            Pipeline::from_bytes(&bytes)
                .with_context(|| format!("cannot use the model file {name}"))
        }
    }
}

/// Makes sure before a long run that its result can be written, and over none of the run's other files.
pub(super) fn check_writable<'a>(
    flag: &str,
    file: &Path,
    others: impl IntoIterator<Item = &'a PathBuf>,
) -> anyhow::Result<()> {
    let name = file.display();
    if is_stdin(file) {
        bail!(
            "{flag} - would be a file of that name; name another, as standard output has the report"
        );
    }
    match fs::metadata(file) {
        Ok(found) if found.is_dir() => bail!("{flag} {name} is a folder; name a file in it"),
        Ok(found) if !found.is_file() => {
            bail!("{flag} {name} is no ordinary file, and would be replaced; name one in a folder")
        }
        _ => {}
    }
    if others.into_iter().any(|other| is_same(other, file)) {
        bail!("{flag} {name} is a file of the same run, and would be lost; name another");
    }
    temporary_beside(&target(file)).map(drop)
}

/// Whether two paths lead to one file, which need not be there yet.
pub(super) fn is_same(one: &Path, other: &Path) -> bool {
    target(one) == target(other)
}

/// Where a path leads: what is written to a link goes to its file. Of a file that is not there, the folder
/// tells.
fn target(file: &Path) -> PathBuf {
    let new = || {
        let folder = fs::canonicalize(folder_of(file)?).ok()?;
        Some(folder.join(file.file_name()?))
    };
    fs::canonicalize(file).unwrap_or_else(|_| new().unwrap_or_else(|| file.to_owned()))
}

/// Writes a model so that at every moment the file is the old one or the new one: to a temporary
/// file beside it, which is synced, read again, made to classify, and then renamed.
pub(super) fn save(file: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    let name = file.display();
    let target = &target(file);
    let mut temporary = temporary_beside(target)?;
    temporary
        .write_all(bytes)
        .and_then(|()| temporary.as_file().sync_all())
        .with_context(|| format!("cannot write {name}"))?;
    probe(&load(Some(temporary.path()))?).with_context(|| format!("{name} was not replaced"))?;
    temporary
        .persist(target)
        .with_context(|| format!("cannot replace {name}"))?;
    if let Some(folder) = folder_of(target).and_then(|folder| File::open(folder).ok()) {
        // The rename itself is on disk only once the folder is. Not every file system can be asked.
        let _ = folder.sync_all();
    }
    Ok(())
}

fn folder_of(file: &Path) -> Option<&Path> {
    file.parent().map(|folder| {
        if folder.as_os_str().is_empty() {
            Path::new(".")
        } else {
            folder
        }
    })
}

/// A file of its own, which those may read who may read the one that it will replace.
fn temporary_beside(file: &Path) -> anyhow::Result<tempfile::NamedTempFile> {
    let cannot = || format!("cannot write to the folder of {}", file.display());
    let mut builder = tempfile::Builder::new();
    builder.prefix(".copydesk-").suffix(".tmp");
    #[cfg(unix)]
    builder.permissions(<Permissions as std::os::unix::fs::PermissionsExt>::from_mode(0o644));
    let temporary = builder
        .tempfile_in(folder_of(file).unwrap_or(Path::new(".")))
        .with_context(cannot)?;
    #[cfg(unix)]
    if let Ok(replaced) = fs::metadata(file) {
        let file = temporary.as_file();
        file.set_permissions(replaced.permissions())
            .with_context(cannot)?;
    }
    Ok(temporary)
}

fn probe(pipeline: &Pipeline) -> anyhow::Result<()> {
    let article = Article::new(ArticleDraft {
        body: "A probe that any model must be able to answer.".into(),
        ..ArticleDraft::default()
    })?;
    let answer = pipeline.classify(&article, &Options::default());
    let sum: f32 = answer.topics.iter().map(|topic| topic.probability).sum();
    if !answer.topics.is_empty() && (sum - 1.0).abs() > 1e-3 {
        bail!("the new model's probabilities sum to {sum}");
    }
    Ok(())
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_model_that_is_replaced_keeps_its_permissions() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("model.safetensors");
        let bytes = Pipeline::built_in().unwrap().to_bytes().unwrap();
        save(&file, &bytes).unwrap();
        for mode in [0o600, 0o666] {
            fs::set_permissions(&file, Permissions::from_mode(mode)).unwrap();
            save(&file, &bytes).unwrap();
            let kept = fs::metadata(&file).unwrap().permissions().mode();
            assert_eq!(kept & 0o777, mode);
        }
    }
}
