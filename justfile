# Common tasks; `just` alone lists them. https://just.systems

_default:
    @just --list --unsorted

# Serve the built-in model on 127.0.0.1:50051
run *ARGS:
    cargo run --locked --release -- serve {{ ARGS }}

# All tests
test *ARGS:
    cargo test --locked {{ ARGS }}

# Format and lint, as .ci/run asks for
lint:
    cargo fmt --check
    cargo clippy --all-targets --locked -- -D warnings

# The API documentation, in target/doc
docs:
    RUSTDOCFLAGS=-Dwarnings cargo doc --no-deps --locked

# The reference of settings, docs/settings.md
settings:
    cargo run --locked -- serve --print-reference > docs/settings.md.new
    mv docs/settings.md.new docs/settings.md

# Everything that a change has to pass
ci:
    .ci/run

# Rebuild the default model from a folder with train.jsonl and test.jsonl, one of labelled pages, articles with editors' tags, a file of further text, one of more that is learnt from and not counted, and one of tags, one a line
model DATA PAGES EDITOR_TAGS BACKGROUND FURTHER KNOWN_TAGS:
    cargo run --locked --release -- train \
        --data {{ quote(DATA / "train.jsonl") }} --test {{ quote(DATA / "test.jsonl") }} \
        --keyphrase-data {{ quote(EDITOR_TAGS) }} --background {{ quote(DATA / "train.jsonl") }} {{ quote(BACKGROUND) }} \
        --unlabelled {{ quote(BACKGROUND) }} {{ quote(FURTHER) }} --known-tags {{ quote(KNOWN_TAGS) }} \
        --group-field id --source-field source --group-pattern '^wce/[0-9-]+' --word-neighbours 10 --base-rates 0 --max-terms 178000 --min-tag-examples 20 --min-tag-confidence 0.5 \
        --name news-en --languages en --licence CC-BY-SA-4.0 \
        --source "66,045 short English news texts in 12 topics: Wikipedia Current events portal 2002-2020 (CC BY-SA 4.0), HuffPost News Category Dataset (CC BY 4.0), SIB-200 (CC BY-SA 4.0); and, without topics, 63,405 events of the same portal and 1,436 news items of digital.gov (public domain)" \
        --trained-at 1795478400 --out models/news-en.safetensors
    cargo run --locked --release -- train-extractor --pages {{ quote(PAGES) }} \
        --model models/news-en.safetensors --out models/news-en.safetensors

# The benches; with a name, those that hold it
bench *ARGS:
    cargo bench --locked {{ ARGS }}

# Lint the contract with buf, https://buf.build, and compare it with its first version
proto-lint:
    buf lint
    buf breaking --against proto/published.binpb

# Licences, versions, sources and advisories of the dependencies, with cargo-deny
deny:
    cargo deny --locked check
