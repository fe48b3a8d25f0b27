//! The model a command works with.

use std::fs;
use std::path::Path;

use anyhow::Context;

use crate::pipeline::Pipeline;

/// Loads a model file, or the built-in model if none is named.
///
/// # Errors
/// Names the file and says what is wrong with it.
pub fn load_model(path: Option<&Path>) -> anyhow::Result<Pipeline> {
    let Some(path) = path else {
        return Pipeline::built_in().context("the built-in model cannot be used");
    };
    let bytes =
        fs::read(path).with_context(|| format!("cannot read the model {}", path.display()))?;
    Pipeline::from_bytes(&bytes)
        .with_context(|| format!("cannot use {} as a model", path.display()))
}
