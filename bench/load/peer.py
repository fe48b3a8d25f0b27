"""What a team would write in Python in a day: scikit-learn behind grpcio or behind FastAPI.

    python peer.py grpc  TRAIN.jsonl PORT STUBS
    python peer.py fastapi TRAIN.jsonl PORT

TF-IDF of words and pairs, and a logistic regression, which gives the probabilities that the contract asks
for; trained at the start on the rows given (title, text, label). STUBS is a folder with the contract's
classes, made by grpcio-tools. Each serves with one process, and with the settings that its makers advise.
"""

import json
import sys
from concurrent import futures

from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

N_WORKERS = 2


def train(path):
    rows = [json.loads(line) for line in open(path, encoding="utf-8")]
    texts = [(row.get("title") or "") + "\n" + (row.get("text") or "") for row in rows]
    vectorizer = TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True)
    model = make_pipeline(vectorizer, LogisticRegression(max_iter=1_000))
    return model.fit(texts, [row["label"] for row in rows])


def ranked(model, title, body):
    """Topics with their probabilities, best first."""
    probabilities = model.predict_proba([title + "\n" + body])[0]
    return sorted(zip(model.classes_, map(float, probabilities)), key=lambda pair: -pair[1])


def serve_grpc(model, port, stubs):
    sys.path.insert(0, stubs)
    import grpc
    from copydesk.v1 import copydesk_pb2 as pb
    from copydesk.v1 import copydesk_pb2_grpc as service

    class Classifier(service.ClassifierServiceServicer):
        def Classify(self, request, _context):
            topics = ranked(model, request.article.title, request.article.body)
            scores = [pb.TopicScore(topic=topic, probability=p) for topic, p in topics]
            topic, confidence = topics[0]
            return pb.ClassifyResponse(
                classification=pb.Classification(topic=topic, confidence=confidence, topics=scores)
            )

    server = grpc.server(futures.ThreadPoolExecutor(N_WORKERS))
    service.add_ClassifierServiceServicer_to_server(Classifier(), server)
    server.add_insecure_port(f"127.0.0.1:{port}")
    server.start()
    print(f"peer: on 127.0.0.1:{port}", file=sys.stderr, flush=True)
    server.wait_for_termination()


def serve_fastapi(model, port):
    import uvicorn
    from fastapi import FastAPI
    from pydantic import BaseModel

    class Article(BaseModel):
        title: str = ""
        body: str = ""

    class Request(BaseModel):
        article: Article

    app = FastAPI()

    @app.post("/v1/classify")
    def classify(request: Request):
        topics = ranked(model, request.article.title, request.article.body)
        scores = [{"topic": topic, "probability": p} for topic, p in topics]
        topic, confidence = topics[0]
        return {"classification": {"topic": topic, "confidence": confidence, "topics": scores}}

    print(f"peer: on 127.0.0.1:{port}", file=sys.stderr, flush=True)
    uvicorn.run(app, host="127.0.0.1", port=int(port), log_level="warning", access_log=False)


if __name__ == "__main__":
    kind, rows, port, *more = sys.argv[1:]
    trained = train(rows)
    if kind == "grpc":
        serve_grpc(trained, port, *more)
    else:
        serve_fastapi(trained, port)
