//! An error as a sentence.

/// An error with its causes, each of them once: many a message, our own and those of libraries, ends with its
/// cause already.
#[must_use]
pub fn told(error: &anyhow::Error) -> String {
    let mut causes = error.chain().map(ToString::to_string);
    let mut sentence = causes.next().unwrap_or_default();
    for cause in causes {
        if !sentence.ends_with(&cause) {
            sentence.push_str(": ");
            sentence.push_str(&cause);
        }
    }
    sentence
}

#[cfg(test)]
mod tests {
    use super::*;
    use anyhow::anyhow;

    #[test]
    fn each_cause_is_said_once() {
        let error = anyhow!("no such file").context("rows.csv: no such file");
        assert_eq!(told(&error), "rows.csv: no such file");
        let error = anyhow!("refused")
            .context("connect error")
            .context("connect error")
            .context("no server");
        assert_eq!(told(&error), "no server: connect error: refused");
    }
}
