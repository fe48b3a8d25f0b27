"""Python grpcio, without generated code: everything it knows comes by reflection."""

import sys

import grpc
from google.protobuf import descriptor_pool, message_factory
from google.rpc import error_details_pb2
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase
from grpc_status import rpc_status

SERVICE = "copydesk.v1.ClassifierService"


def detail(call, kind):
    """The detail of a kind in a status."""
    for packed in rpc_status.from_call(call).details:
        if packed.Is(kind.DESCRIPTOR):
            found = kind()
            packed.Unpack(found)
            return found
    raise AssertionError(f"no {kind.DESCRIPTOR.name}")


def failure(call):
    """The error that a call ends with."""
    try:
        call()
    except grpc.RpcError as error:
        return error
    raise AssertionError("the call succeeded")


def main(address):
    with grpc.insecure_channel(address) as channel:
        health = health_pb2_grpc.HealthStub(channel)
        for service in ["", SERVICE]:
            answer = health.Check(health_pb2.HealthCheckRequest(service=service))
            assert answer.status == health_pb2.HealthCheckResponse.SERVING
        unknown = failure(lambda: health.Check(health_pb2.HealthCheckRequest(service="x.Y")))
        assert unknown.code() == grpc.StatusCode.NOT_FOUND

        database = ProtoReflectionDescriptorDatabase(channel)
        assert SERVICE in database.get_services()
        pool = descriptor_pool.DescriptorPool(database)
        methods = pool.FindServiceByName(SERVICE).methods_by_name

        def stub(name, make):
            method = methods[name]
            request = message_factory.GetMessageClass(method.input_type)
            response = message_factory.GetMessageClass(method.output_type)
            path = f"/{SERVICE}/{name}"
            call = make(path, request_serializer=request.SerializeToString, response_deserializer=response.FromString)
            return request, call

        ClassifyRequest, classify = stub("Classify", channel.unary_unary)
        request = ClassifyRequest(article={"title": "Cup final", "body": "The striker scored twice and the team won the match."})
        answer = classify(request).classification
        assert answer.topic == "Sports", answer.topic
        assert abs(sum(topic.probability for topic in answer.topics) - 1) < 1e-3

        packed = classify(request, compression=grpc.Compression.Gzip).classification
        assert packed.topic == "Sports"

        empty = failure(lambda: classify(ClassifyRequest()))
        assert empty.code() == grpc.StatusCode.INVALID_ARGUMENT
        assert detail(empty, error_details_pb2.BadRequest).field_violations[0].field == "article"
        assert detail(empty, error_details_pb2.ErrorInfo).domain == "copydesk.v1"

        large = ClassifyRequest(article={"body": "x" * (5 << 20)})
        assert failure(lambda: classify(large)).code() == grpc.StatusCode.RESOURCE_EXHAUSTED

        StreamRequest, stream = stub("StreamClassify", channel.stream_stream)
        articles = (StreamRequest(article={"id": str(n), "body": "The bank raised interest rates."}) for n in range(500))
        results = [response.result for response in stream(articles)]
        assert [result.index for result in results] == list(range(500))
        assert all(result.classification.topic == "Economy" for result in results)

        BatchRequest, batch = stub("BatchClassify", channel.unary_stream)
        sent = BatchRequest(articles=[{"body": "Rain flooded the town."}, {"body": " "}])
        results = [response.result for response in batch(sent)]
        assert results[0].HasField("classification") and results[1].error.code == 3

        def silence():
            yield from ()
            import threading
            threading.Event().wait(5)

        late = failure(lambda: list(stream(silence(), timeout=0.3)))
        assert late.code() == grpc.StatusCode.DEADLINE_EXCEEDED


if __name__ == "__main__":
    main(sys.argv[1])
