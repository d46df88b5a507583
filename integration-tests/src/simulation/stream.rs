//! A stream of requests as a server reads it, without a connection.

use bytes::{BufMut, Bytes, BytesMut};
use http_body_util::Full;
use prost::Message;
use tonic::Streaming;
use tonic::codec::Codec;
use tonic_prost::ProstCodec;

/// The stream of these messages, which are all there.
pub(super) fn of<M: Message + Default + 'static>(messages: &[M]) -> Streaming<M> {
    let mut frames = BytesMut::new();
    for message in messages {
        // Not compressed; then the length.
        frames.put_u8(0);
        frames.put_u32(u32::try_from(message.encoded_len()).unwrap_or(u32::MAX));
        frames.put_slice(&message.encode_to_vec());
    }
    let decoder = ProstCodec::<M, M>::default().decoder();
    Streaming::new_request(decoder, Full::<Bytes>::new(frames.freeze()), None, None)
}
