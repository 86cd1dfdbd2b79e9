//! The PROXY protocol, versions 1 and 2: who really connected, told by the balancer before the first byte.
//!
//! The header is read to its last byte and no further: what follows is the viewer's.

use std::io;
use std::net::{IpAddr, SocketAddr};

use ppp::{HeaderResult, v1, v2};
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;

/// Reads the header; none where it names nobody (`UNKNOWN`, `LOCAL`): the balancer asks for itself.
///
/// # Errors
/// [`InvalidHeader`] for a connection that begins otherwise, or ends within it.
pub async fn read(stream: &mut TcpStream) -> Result<Option<SocketAddr>, InvalidHeader> {
    let mut header = vec![0; SHORTEST];
    stream.read_exact(&mut header).await?;
    if header.starts_with(v2::PROTOCOL_PREFIX) {
        read_v2(stream, &mut header).await?;
    } else if header.starts_with(b"PROXY ") {
        read_v1(stream, &mut header).await?;
    } else {
        return Err(InvalidHeader::Absent);
    }
    source(&header)
}

/// A line of at most 107 bytes. What is there is looked at before it is taken, lest a byte of the viewer's be taken too.
async fn read_v1(stream: &mut TcpStream, header: &mut Vec<u8>) -> Result<(), InvalidHeader> {
    let mut ahead = [0; LONGEST_V1];
    while !header.ends_with(b"\n") {
        let room = LONGEST_V1.saturating_sub(header.len());
        if room == 0 {
            return Err(InvalidHeader::TooLong);
        }
        let seen = stream.peek(&mut ahead[..room]).await?;
        if seen == 0 {
            return Err(InvalidHeader::Io(io::ErrorKind::UnexpectedEof.into()));
        }
        let taken = ahead[..seen].iter().position(|&byte| byte == b'\n').map_or(seen, |at| at + 1);
        stream.read_exact(&mut ahead[..taken]).await?;
        header.extend_from_slice(&ahead[..taken]);
    }
    Ok(())
}

/// 16 bytes, of which the last two tell how many follow.
async fn read_v2(stream: &mut TcpStream, header: &mut Vec<u8>) -> Result<(), InvalidHeader> {
    header.push(stream.read_u8().await?);
    let rest = usize::from(u16::from_be_bytes([header[14], header[15]]));
    if rest > LONGEST_V2 {
        return Err(InvalidHeader::TooLong);
    }
    let begun = header.len();
    header.resize(begun + rest, 0);
    stream.read_exact(&mut header[begun..]).await?;
    Ok(())
}

/// Whom a whole header names; none where the balancer speaks for itself.
///
/// # Errors
/// [`InvalidHeader::Malformed`].
pub fn source(header: &[u8]) -> Result<Option<SocketAddr>, InvalidHeader> {
    match HeaderResult::parse(header) {
        HeaderResult::V1(Ok(header)) => Ok(match header.addresses {
            v1::Addresses::Unknown => None,
            v1::Addresses::Tcp4(pair) => Some((IpAddr::V4(pair.source_address), pair.source_port).into()),
            v1::Addresses::Tcp6(pair) => Some((IpAddr::V6(pair.source_address), pair.source_port).into()),
        }),
        // Its own family and protocol mean nothing where the balancer speaks for itself.
        HeaderResult::V2(Ok(header))
            if header.command == v2::Command::Proxy
                && header.protocol != v2::Protocol::Stream
                && matches!(header.addresses, v2::Addresses::IPv4(_) | v2::Addresses::IPv6(_)) =>
        {
            Err(InvalidHeader::Malformed("expected TCP as its transport protocol".to_owned()))
        }
        HeaderResult::V2(Ok(header)) => Ok(match (header.command, header.addresses) {
            (v2::Command::Local, _) | (v2::Command::Proxy, v2::Addresses::Unspecified) => None,
            (v2::Command::Proxy, v2::Addresses::IPv4(pair)) => {
                Some((IpAddr::V4(pair.source_address), pair.source_port).into())
            }
            (v2::Command::Proxy, v2::Addresses::IPv6(pair)) => {
                Some((IpAddr::V6(pair.source_address), pair.source_port).into())
            }
            (v2::Command::Proxy, v2::Addresses::Unix(_)) => {
                return Err(InvalidHeader::Malformed("a viewer on a Unix socket has no address".to_owned()));
            }
        }),
        HeaderResult::V1(Err(error)) => Err(InvalidHeader::Malformed(error.to_string())),
        HeaderResult::V2(Err(error)) => Err(InvalidHeader::Malformed(error.to_string())),
    }
}

/// Why a connection isn't served.
#[derive(Debug, thiserror::Error)]
pub enum InvalidHeader {
    /// It begins with something else.
    #[error("expected a PROXY header, as this listener requires; found other data")]
    Absent,
    /// More than any header has.
    #[error("its PROXY header is too long")]
    TooLong,
    /// What can't be read.
    #[error("its PROXY header is malformed: {0}")]
    Malformed(String),
    /// The end of the connection.
    #[error("it ended within its PROXY header: {0}")]
    Io(#[from] io::Error),
}

/// `PROXY UNKNOWN` and a line end; version 2 has 16 at the least.
const SHORTEST: usize = 15;
/// The specification's own figure.
const LONGEST_V1: usize = 107;
/// Two addresses have 216 bytes at the most; the rest is what balancers add of their own.
const LONGEST_V2: usize = 2048;

#[cfg(test)]
mod tests {
    use tokio::io::AsyncWriteExt;
    use tokio::net::TcpListener;

    use super::*;

    /// What is read from a connection that sends this, and what is left of it.
    async fn read_from(sent: &[u8]) -> (Result<Option<SocketAddr>, InvalidHeader>, Vec<u8>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut theirs = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (mut ours, _) = listener.accept().await.unwrap();
        theirs.set_nodelay(true).unwrap();
        let sent = sent.to_vec();
        let sending = tokio::spawn(async move {
            // In small pieces, as a hostile sender would.
            for piece in sent.chunks(5) {
                let _ = theirs.write_all(piece).await;
                tokio::task::yield_now().await;
            }
        });
        let found = read(&mut ours).await;
        let mut left = Vec::new();
        if found.is_ok() {
            ours.read_to_end(&mut left).await.unwrap();
        }
        drop(ours);
        sending.await.unwrap();
        (found, left)
    }

    fn v2(command: u8, family: u8, body: &[u8]) -> Vec<u8> {
        let mut header = v2::PROTOCOL_PREFIX.to_vec();
        header.extend([0x20 | command, family]);
        header.extend(u16::try_from(body.len()).unwrap().to_be_bytes());
        header.extend(body);
        header.extend(b"GET /");
        header
    }

    #[tokio::test]
    async fn a_header_names_the_viewer_and_nothing_behind_it_is_lost() {
        let v4 = [203, 0, 113, 9, 127, 0, 0, 1, 0x30, 0x39, 0, 80];
        let mut v6 = "2001:db8::1".parse::<std::net::Ipv6Addr>().unwrap().octets().to_vec();
        v6.extend([0; 16]);
        v6.extend([0x30, 0x39, 0, 80]);
        let mut with_extra = v4.to_vec();
        with_extra.extend([0x04, 0, 3, 1, 2, 3]);
        for (sent, expected) in [
            (b"PROXY TCP4 203.0.113.9 127.0.0.1 12345 80\r\nGET /".to_vec(), Some("203.0.113.9:12345")),
            (b"PROXY TCP6 2001:db8::1 ::1 12345 80\r\nGET /".to_vec(), Some("[2001:db8::1]:12345")),
            (b"PROXY UNKNOWN\r\nGET /".to_vec(), None),
            (b"PROXY UNKNOWN ffff::1 ffff::2 1 2\r\nGET /".to_vec(), None),
            (v2(1, 0x11, &v4), Some("203.0.113.9:12345")),
            (v2(1, 0x11, &with_extra), Some("203.0.113.9:12345")),
            (v2(1, 0x21, &v6), Some("[2001:db8::1]:12345")),
            (v2(0, 0x00, &[]), None),
            (v2(0, 0x11, &v4), None),
        ] {
            let (found, left) = read_from(&sent).await;
            let text = String::from_utf8_lossy(&sent).into_owned();
            assert_eq!(found.unwrap(), expected.map(|text| text.parse().unwrap()), "{text}");
            assert_eq!(left, b"GET /", "{text}");
        }
    }

    #[tokio::test]
    async fn what_begins_otherwise_is_refused() {
        for sent in [
            b"GET / HTTP/1.1\r\nHost: a\r\n\r\n".to_vec(),
            b"PROXY TCP4 1.2.3 127.0.0.1 1 2\r\n".to_vec(),
            b"PROXY TCP4 1.2.3.4 127.0.0.1 1 2 3\r\n".to_vec(),
            b"PROXY TCP4 1.2.3.4 127.0.0.1 99999 2\r\n".to_vec(),
            b"PROXY SCTP 1.2.3.4 127.0.0.1 1 2\r\n".to_vec(),
            b"PROXY TCP4 1.2.3.4 127.0.0.1 1 2\n".to_vec(),
            [b"PROXY TCP4 ".to_vec(), vec![b'1'; 200]].concat(),
            b"PROXY TCP4 1.2.3.4".to_vec(),
            v2(1, 0x11, &[1, 2, 3]),
            v2(1, 0x11, &[0; LONGEST_V2 + 1]),
            v2(7, 0x11, &[0; 12]),
            v2(1, 0x12, &[203, 0, 113, 9, 127, 0, 0, 1, 0x30, 0x39, 0, 80]),
            v2(1, 0x22, &[0; 36]),
            v2(1, 0x10, &[203, 0, 113, 9, 127, 0, 0, 1, 0x30, 0x39, 0, 80]),
        ] {
            let (found, _) = read_from(&sent).await;
            assert!(found.is_err(), "{}", String::from_utf8_lossy(&sent));
        }
    }
}
