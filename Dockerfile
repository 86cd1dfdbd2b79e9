# Frontgate as one static binary on an empty image:
#
#     docker build -t frontgate:local .
#
# docker-compose.yml starts it in front of nginx.

FROM rust:1.95-bookworm AS build
WORKDIR /build

# An empty image has no C library, so it is linked into the binary. Proc macros cannot be built that way. cargo omits the
# flag for them (and for build scripts) only with `--target`, even if that is the machine's own.
# Packed relocations save half a MiB.
ENV RUSTFLAGS="-C target-feature=+crt-static -C link-arg=-Wl,-z,pack-relative-relocs"

# Build the dependencies with an empty crate first: this layer is reused until Cargo.toml or Cargo.lock change. Benches,
# tests and examples are removed from the manifest, because cargo requires their files, which are not copied yet. The
# empty crate's output is removed, so that it is not taken for the real one.
COPY Cargo.toml Cargo.lock ./
COPY crates/core/Cargo.toml crates/core/Cargo.toml
RUN awk '/^\[/ { skip = /^\[\[(bench|test|example)\]\]/ } !skip' Cargo.toml > manifest && mv manifest Cargo.toml \
 && mkdir -p src crates/core/src && touch src/lib.rs crates/core/src/lib.rs && echo 'fn main() {}' > src/main.rs \
 && cargo build --release --locked --bin frontgate --target "$(uname -m)-unknown-linux-gnu" \
 && cargo clean --release -p frontgate -p frontgate-core --target "$(uname -m)-unknown-linux-gnu"

COPY . .
RUN cargo build --release --locked --bin frontgate --target "$(uname -m)-unknown-linux-gnu" \
 && cp "target/$(uname -m)-unknown-linux-gnu/release/frontgate" /frontgate

FROM scratch
# The CA certificates for https:// origins.
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=build /frontgate /frontgate
# By number, because there is no /etc/passwd.
USER 65532:65532
EXPOSE 8080
ENTRYPOINT ["/frontgate"]
CMD ["serve", "--config", "/etc/frontgate/config.toml"]
