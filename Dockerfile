# Needs BuildKit: Docker from 23.0 on, or Buildah.

# The builder's Debian is the runtime's, so that the binary finds the glibc it was linked with.
FROM rust:1.95-bookworm AS builder
WORKDIR /src
COPY . .
# The cache mounts keep the crates and what was compiled of them from one build to the next: after a
# change of the project, only the project is compiled. Cargo goes by file times, and those of a
# checkout can be older than the cache: `touch` makes sure that it never takes another checkout's
# build for this one's.
RUN --mount=type=cache,target=/usr/local/cargo/registry,sharing=locked \
    --mount=type=cache,target=/src/target,sharing=locked \
    find build.rs proto models src -type f -exec touch {} + \
    && cargo build --locked --release --bin copydesk \
    && install -D target/release/copydesk /out/copydesk

# The binary needs glibc and libgcc and nothing else: distroless/cc has these two, a user who is not
# root, and neither shell nor package manager to keep up to date.
FROM gcr.io/distroless/cc-debian12:nonroot
LABEL org.opencontainers.image.title="copydesk" \
      org.opencontainers.image.description="News articles in over gRPC, their topic and tags out" \
      org.opencontainers.image.licenses="(MIT OR Apache-2.0) AND CC-BY-SA-4.0"
# The default model within the binary is CC BY-SA 4.0: its attributions travel with it.
COPY NOTICE LICENSE-MIT LICENSE-APACHE /usr/share/doc/copydesk/
COPY --from=builder /out/copydesk /usr/local/bin/copydesk
# By number, so that Kubernetes can tell that it is not root.
USER 65532:65532
# Every interface of the container; which of them the outside reaches is up to who runs it.
# The environment counts more than a settings file: `listen` of a mounted one has no effect unless
# this is set to another address, or `--listen` given.
ENV COPYDESK_LISTEN=0.0.0.0:50051
EXPOSE 50051
# Asks at 127.0.0.1:50051. If COPYDESK_LISTEN names another port, set COPYDESK_ADDRESS too.
HEALTHCHECK --interval=10s --timeout=5s --start-period=5s --retries=3 \
    CMD ["/usr/local/bin/copydesk", "health"]
ENTRYPOINT ["/usr/local/bin/copydesk"]
CMD ["serve"]
