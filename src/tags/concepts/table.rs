//! Vocabularies as CSV and TSV: `label`, `aliases`, `code` and `parent`, of which only the label must be
//! there. Aliases are parted by `|` or `;`.

use std::borrow::Cow;

use csv::ByteRecord;

use super::entry::{
    ConceptEntry, ConceptFile, ConceptsError, Draft, FieldNames, check_number, listed,
};

const COLUMNS: [&str; 4] = ["label", "aliases", "code", "parent"];
const FIELDS: FieldNames = FieldNames {
    label: "label",
    alias: "aliases",
    code: "code",
    parent: "parent",
};

/// Reads a table.
///
/// # Errors
/// [`ConceptsError`] names the file, the row and the column.
pub fn read(bytes: &[u8], file: &str, delimiter: u8) -> Result<ConceptFile, ConceptsError> {
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .flexible(true)
        .from_reader(bytes);
    let header = reader
        .byte_headers()
        .map_err(|e| error(file, 1, "row", e.to_string()))?;
    let columns = columns(header).map_err(|problem| error(file, 1, "header", problem))?;
    let (mut entries, mut places) = (Vec::new(), Vec::new());
    let mut row = ByteRecord::new();
    let mut last = 0;
    let broken = |e: csv::Error| {
        let line = e.position().map_or(1, csv::Position::line);
        error(file, line, "row", e.to_string())
    };
    while reader.read_byte_record(&mut row).map_err(broken)? {
        let position = row.position().map_or((0, 0), |p| (p.line(), p.byte()));
        let line = position.0;
        last = usize::try_from(position.1).unwrap_or(usize::MAX);
        entries
            .push(entry(&row, &columns).map_err(|(field, what)| error(file, line, field, what))?);
        places.push(line);
        check_number(file, entries.len())?;
    }
    if has_open_quote(bytes.get(last..).unwrap_or_default(), delimiter) {
        let line = places.last().copied().unwrap_or(1);
        let problem = "a quotation mark is not closed: is the file cut off?".to_owned();
        return Err(error(file, line, "row", problem));
    }
    let draft = Draft {
        file,
        fields: FIELDS,
        entries,
        places,
        has_parent_codes: true,
    };
    let mut read = draft.check()?;
    read.remarks.extend(whole_lists(file, &read.entries));
    Ok(read)
}

/// That aliases look like several, of a file in which nothing parts them. With a sign that does, it has commas on
/// purpose.
fn whole_lists(file: &str, entries: &[ConceptEntry]) -> Option<String> {
    let aliases = entries.iter().flat_map(|entry| &entry.aliases);
    let lists: Vec<String> = aliases
        .filter(|alias| alias.contains(','))
        .map(|alias| format!("{alias:?}"))
        .collect();
    let is_parted = entries.iter().any(|entry| entry.aliases.len() > 1);
    (!is_parted && !lists.is_empty()).then(|| {
        format!(
            "{file}: aliases are parted by | or ;, and a comma is part of an alias, as of {}",
            listed(&lists)
        )
    })
}

fn error(file: &str, line: u64, field: &'static str, problem: String) -> ConceptsError {
    ConceptsError {
        place: format!("{file}:{line}"),
        field,
        problem,
    }
}

/// Which of [`COLUMNS`] each column is.
fn columns(header: &ByteRecord) -> Result<Vec<usize>, String> {
    let mut columns = Vec::new();
    let is_one = header.len() == 1;
    for name in header {
        let name = String::from_utf8_lossy(name).trim().to_lowercase();
        match COLUMNS.iter().position(|column| *column == name) {
            Some(column) if columns.contains(&column) => {
                return Err(format!("the column {name:?} is there twice"));
            }
            Some(column) => columns.push(column),
            None if is_one && name.contains([',', ';', '\t', '|']) => {
                return Err(format!(
                    "{name:?} is one column; columns are parted by commas, or by tabs in a .tsv file: write the table so"
                ));
            }
            None => {
                return Err(format!(
                    "{name:?} is no column of a vocabulary; the first row names some of label, aliases, code, parent"
                ));
            }
        }
    }
    if columns.contains(&0) {
        Ok(columns)
    } else {
        Err("there is no column \"label\"".to_owned())
    }
}

type Fault = (&'static str, String);

fn entry(row: &ByteRecord, columns: &[usize]) -> Result<ConceptEntry, Fault> {
    if row.len() != columns.len() {
        let (found, wanted) = (row.len(), columns.len());
        return Err((
            "row",
            format!("has {found} fields and the first row {wanted}: is the file cut off?"),
        ));
    }
    let mut values: [Cow<'_, str>; 4] = Default::default();
    for (bytes, &column) in row.iter().zip(columns) {
        let text = std::str::from_utf8(bytes).map_err(|e| {
            let byte = e.valid_up_to() + 1;
            (
                COLUMNS[column],
                format!("is not UTF-8 from its byte {byte}"),
            )
        })?;
        values[column] = Cow::Borrowed(text.trim());
    }
    let [label, aliases, code, parent] = values;
    let aliases = aliases.split(['|', ';']).map(str::trim);
    Ok(ConceptEntry {
        label: label.into_owned(),
        aliases: aliases
            .filter(|alias| !alias.is_empty())
            .map(str::to_owned)
            .collect(),
        code: code.into_owned(),
        parent: parent.into_owned(),
    })
}

/// Whether the last row begins a quoted field and does not end it; the reader takes that for its end.
fn has_open_quote(row: &[u8], delimiter: u8) -> bool {
    let is_quoted = row
        .split(|byte| *byte == delimiter)
        .any(|field| field.first() == Some(&b'"'));
    is_quoted && row.iter().filter(|byte| **byte == b'"').count() % 2 == 1
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = "label,aliases,code,parent\n\
        Sport,,s1,\n\
        Football,soccer|association football;footie,s2,Sport\n\
        \"Cup, the\",,,s2\n";

    fn fault(table: &[u8]) -> String {
        read(table, "tags.csv", b',').unwrap_err().to_string()
    }

    #[test]
    fn a_table_is_read() {
        let entries = read(TABLE.as_bytes(), "tags.csv", b',').unwrap().entries;
        assert_eq!(entries.len(), 3);
        assert_eq!(
            entries[1].aliases,
            ["soccer", "association football", "footie"]
        );
        assert_eq!((&*entries[1].code, &*entries[1].parent), ("s2", "Sport"));
        // A parent by code becomes its label.
        assert_eq!(
            (&*entries[2].label, &*entries[2].parent),
            ("Cup, the", "Football")
        );
        let tabs = "Code\tLABEL\nx\tFire\n";
        let entries = read(tabs.as_bytes(), "tags.tsv", b'\t').unwrap().entries;
        assert_eq!((&*entries[0].label, &*entries[0].code), ("Fire", "x"));
    }

    #[test]
    fn what_is_wrong_is_named_by_file_row_and_field() {
        let many = "x,".repeat(300);
        let long = format!("label\n\"{many}\"\n");
        let cases: [(&[u8], &str); 17] = [
            (b"", "tags.csv:1: header: there is no column \"label\""),
            (b"name\nx\n", "tags.csv:1: header: \"name\" is no column"),
            (
                b"label;aliases\nx;y\n",
                "tags.csv:1: header: \"label;aliases\" is one column; columns are parted by commas",
            ),
            (
                b"label,code,parent\nBank,1,\nCredit,1,\nRates,3,1\n",
                "tags.csv:4: parent: \"1\" is the code of several tags, \"Bank\" and \"Credit\"",
            ),
            (
                b"label,Label\nx,y\n",
                "tags.csv:1: header: the column \"label\" is there twice",
            ),
            (b"code\nx\n", "tags.csv:1: header: there is no column"),
            (
                b"label,code\nx,1\ny\n",
                "tags.csv:3: row: has 1 fields and the first row 2",
            ),
            (b"label,code\nx,1\n ,2\n", "tags.csv:3: label: is empty"),
            (b"label\n...\n", "tags.csv:2: label: \"...\" has no letter"),
            (
                b"label,code\nx,\x1b[31m\n",
                "tags.csv:2: code: \"\\u{1b}[31m\" has a line break",
            ),
            (
                b"label\nx\ny\nX\n",
                "tags.csv:4: label: \"X\" is there already, at 2",
            ),
            (
                b"label,aliases\nx,a\xff\n",
                "tags.csv:2: aliases: is not UTF-8 from its byte 2",
            ),
            (
                b"label,parent\nx,y\n",
                "tags.csv:2: parent: \"y\" is no label",
            ),
            (
                b"label,parent\nx,y\ny,z\nz,y\n",
                "tags.csv:3: parent: \"y\" is its own parent",
            ),
            (b"label,code\nx,1\n\"y,2", "tags.csv:3: row: has 1 fields"),
            (
                b"label\nx\n\"y",
                "tags.csv:3: row: a quotation mark is not closed",
            ),
            (long.as_bytes(), "tags.csv:2: label: \"x,x,"),
        ];
        for (table, message) in cases {
            let fault = fault(table);
            assert!(fault.starts_with(message), "{fault}\nis not\n{message}");
        }
        assert!(fault(b"label\n\"x\ny\"\n").contains("line break"));
    }

    #[test]
    fn what_may_be_meant_otherwise_is_remarked_on() {
        for (table, remarks) in [
            (TABLE, &[][..]),
            (
                "label,aliases\nCapital,\"Washington, D.C.|the capital\"\n",
                &[],
            ),
            (
                "label,aliases\nBank,\"lender, central bank\"\n",
                &[
                    "tags.csv: aliases are parted by | or ;, and a comma is part of an alias, as of \"lender, central bank\"",
                ],
            ),
            (
                "label,aliases\nBank,lender|Rates\nCredit,Lender|credit\nRates,\n",
                &[
                    "tags.csv: an alias of several tags finds the first of them, or the one whose label it is: \"Rates\" of \"Bank\" finds \"Rates\", \"Lender\" of \"Credit\" finds \"Bank\"",
                ],
            ),
        ] {
            let read = read(table.as_bytes(), "tags.csv", b',').unwrap();
            assert_eq!(read.remarks, remarks);
        }
    }

    #[test]
    fn a_code_that_nothing_is_asked_by_may_be_there_twice() {
        let twice = b"label,code,parent\nBank,1,\nCredit,1,\nRates,3,Bank\n";
        let entries = read(twice, "tags.csv", b',').unwrap().entries;
        assert_eq!(entries[2].parent, "Bank");
    }

    #[test]
    fn a_parent_of_itself_is_a_cycle() {
        assert!(fault(b"label,parent\nx,x\n").contains("its own parent"));
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_do_harm(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..200)) {
            let _ = read(&bytes, "f", b',');
            let _ = read(&[b"label,aliases,parent\n", &*bytes].concat(), "f", b',');
        }
    }
}
