# Frontgate as one static binary on an empty image:
#
#     docker build -t frontgate:local .
#
# docker-compose.yml starts it before an nginx.

FROM rust:1.95-bookworm AS build
WORKDIR /build

# An empty image has no C library, so the binary brings its own. Proc macros can't be built like that; cargo spares them
# (and build scripts) the flag only where `--target` is given, be it the machine's own.
ENV RUSTFLAGS="-C target-feature=+crt-static"

# The dependencies by themselves, around an empty crate: a layer that stays until Cargo.toml or Cargo.lock change.
# Benches, tests and examples are cut from the manifest because cargo insists on their files, which aren't here yet; the
# empty crate's own output goes, lest it pass for the real one's.
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
# What the certificate of an https:// origin is checked against.
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=build /frontgate /frontgate
# By number: there is no /etc/passwd to look a name up in.
USER 65532:65532
EXPOSE 8080
ENTRYPOINT ["/frontgate"]
CMD ["serve", "--config", "/etc/frontgate/config.toml"]
