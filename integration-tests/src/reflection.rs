//! What a replica says that it serves: its contracts by gRPC reflection, as a partner's tools get them.

use crate::raw::Shape;
use crate::replica::Replica;
use prost::Message;
use prost_reflect::{DescriptorPool, MethodDescriptor};
use std::collections::{BTreeMap, BTreeSet};
use tonic::Streaming;
use tonic_reflection::pb::v1::server_reflection_client::ServerReflectionClient;
use tonic_reflection::pb::v1::server_reflection_request::MessageRequest;
use tonic_reflection::pb::v1::server_reflection_response::MessageResponse;
use tonic_reflection::pb::v1::{ServerReflectionRequest, ServerReflectionResponse};

/// Files and services of one replica at most; bounds the conversation.
const QUESTIONS: usize = 200;

/// All methods of the suite's own contracts that a replica serves.
///
/// # Panics
/// If reflection does not tell, or tells something that is no contract.
pub async fn methods(replica: &Replica) -> Vec<MethodDescriptor> {
    let mut asking = Asking::start(replica).await;
    let services = asking
        .ask(MessageRequest::ListServices(String::new()))
        .await;
    let MessageResponse::ListServicesResponse(services) = services else {
        panic!("reflection lists its services, not {services:?}");
    };
    let names: Vec<String> = services
        .service
        .into_iter()
        .map(|service| service.name)
        .filter(|name| name.starts_with("traffic."))
        .collect();

    let mut files: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    let mut wanted: BTreeSet<String> = BTreeSet::new();
    for name in &names {
        let answer = asking
            .ask(MessageRequest::FileContainingSymbol(name.clone()))
            .await;
        take(answer, &mut files, &mut wanted);
    }
    while let Some(name) = wanted.pop_first() {
        let answer = asking.ask(MessageRequest::FileByFilename(name)).await;
        take(answer, &mut files, &mut wanted);
    }
    let set = FileSet {
        file: files.into_values().collect(),
    };
    let pool = DescriptorPool::decode(set.encode_to_vec().as_slice()).expect("contracts");
    let methods = |name: &String| {
        let service = pool.get_service_by_name(name).expect("a listed service");
        service.methods().collect::<Vec<_>>()
    };
    names.iter().flat_map(methods).collect()
}

/// `/package.Service/Method`.
pub fn path(method: &MethodDescriptor) -> String {
    format!("/{}/{}", method.parent_service().full_name(), method.name())
}

pub fn shape(method: &MethodDescriptor) -> Shape {
    Shape {
        client_streams: method.is_client_streaming(),
        server_streams: method.is_server_streaming(),
    }
}

/// `google.protobuf.FileDescriptorSet`, whose files stay bytes so that no option is lost.
#[derive(Clone, PartialEq, Message)]
struct FileSet {
    #[prost(bytes = "vec", repeated, tag = "1")]
    file: Vec<Vec<u8>>,
}

/// Of `google.protobuf.FileDescriptorProto`, what leads to further files.
#[derive(Clone, PartialEq, Message)]
struct FileHead {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(string, repeated, tag = "3")]
    dependency: Vec<String>,
}

fn take(
    answer: MessageResponse,
    files: &mut BTreeMap<String, Vec<u8>>,
    wanted: &mut BTreeSet<String>,
) {
    let MessageResponse::FileDescriptorResponse(answer) = answer else {
        panic!("reflection knows what it lists, not {answer:?}");
    };
    for bytes in answer.file_descriptor_proto {
        let head = FileHead::decode(bytes.as_slice()).expect("a file descriptor");
        wanted.remove(&head.name);
        files.insert(head.name, bytes);
        let missing = head
            .dependency
            .into_iter()
            .filter(|name| !files.contains_key(name));
        wanted.extend(missing);
    }
}

struct Asking {
    questions: tokio::sync::mpsc::Sender<ServerReflectionRequest>,
    answers: Streaming<ServerReflectionResponse>,
}

impl Asking {
    async fn start(replica: &Replica) -> Self {
        let (questions, queue) = tokio::sync::mpsc::channel(QUESTIONS);
        let queue = tokio_stream::wrappers::ReceiverStream::new(queue);
        let answers = ServerReflectionClient::new(replica.anonymous())
            .server_reflection_info(queue)
            .await
            .expect("reflection is served")
            .into_inner();
        Self { questions, answers }
    }

    async fn ask(&mut self, question: MessageRequest) -> MessageResponse {
        let request = ServerReflectionRequest {
            host: String::new(),
            message_request: Some(question),
        };
        self.questions.try_send(request).expect("few questions");
        let answer = self.answers.message().await.expect("reflection answers");
        let answer = answer.expect("reflection does not hang up");
        answer.message_response.expect("an answer says something")
    }
}
