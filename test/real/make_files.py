# SPDX-License-Identifier: Apache-2.0
"""Write files as well-known libraries write them, with whatever versions are installed, into the folder that is named.

Nothing here is odd or hostile: every one of these files has to pass the scanner with nothing above information.
"""
import io
import json
import os
import pickle
import sys

import numpy as np

OUT = sys.argv[1]
ROWS = np.random.RandomState(0).rand(60, 4)
LABELS = (ROWS[:, 0] > 0.5).astype(int)
written = {}


def save(name, data):
    path = os.path.join(OUT, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as file:
        file.write(data)


def pickled(name, value, first=0):
    for protocol in range(first, 6):
        save(f"{name}-p{protocol}.pkl", pickle.dumps(value, protocol))


def versions(**modules):
    written.update({name: module.__version__ for name, module in modules.items()})


def write_numpy():
    arrays = {
        "float": np.arange(24, dtype="f4").reshape(4, 6),
        "fortran": np.asfortranarray(np.arange(12.0).reshape(3, 4)),
        "big-endian": np.arange(4, dtype=">i8"),
        "bool": np.array([True, False]),
        "complex": np.array([1 + 2j], dtype="c16"),
        "text": np.array(["a", "bcd"]),
        "bytes": np.array([b"a", b"bcd"]),
        "time": np.array(["2024-01-01", "2024-01-02"], dtype="M8[D]"),
        "delta": np.array([1, 2], dtype="m8[ns]"),
        "structured": np.zeros(3, dtype=[("id", "<i4"), ("xy", "<f8", (2,)), ("name", "S8")]),
        "aligned": np.zeros(3, dtype=np.dtype([("a", "i1"), ("b", "f8")], align=True)),
        "scalar": np.array(1.5),
        "empty": np.zeros((0, 3)),
        "record": np.rec.array([(1, 2.0)], dtype=[("a", "i4"), ("b", "f8")]),
    }
    for name, array in arrays.items():
        buffer = io.BytesIO()
        np.save(buffer, array)
        save(f"numpy/{name}.npy", buffer.getvalue())
        if name not in ("record",):
            pickled(f"numpy/{name}", array)
    plain = {name.replace("-", "_"): array for name, array in arrays.items() if name != "record"}
    for name, write in (("plain", np.savez), ("compressed", np.savez_compressed)):
        buffer = io.BytesIO()
        write(buffer, **plain)
        save(f"numpy/{name}.npz", buffer.getvalue())
    pickled("numpy/scalars", [np.float32(1), np.int64(2), np.bool_(True), np.str_("x"), np.complex128(1j)])
    pickled("numpy/masked", np.ma.array([1, 2, 3], mask=[0, 1, 0]))
    pickled("numpy/random-state", np.random.RandomState(1))
    pickled("numpy/generator", np.random.default_rng(1))
    pickled("numpy/dtypes", [np.dtype("f4"), np.dtype([("a", "i4")]), np.dtype("M8[s]")])
    pickled("numpy/objects", np.array(["a", None, 3, (1, 2)], dtype=object))
    versions(numpy=np)


def write_scipy():
    import scipy
    import scipy.sparse as sparse
    from scipy.spatial import cKDTree

    matrix = sparse.random(8, 8, 0.3, "csr", random_state=1)
    for kind in ("csr", "csc", "coo", "bsr", "lil", "dok", "dia"):
        pickled(f"scipy/{kind}", matrix.asformat(kind))
    buffer = io.BytesIO()
    sparse.save_npz(buffer, matrix)
    save("scipy/matrix.npz", buffer.getvalue())
    pickled("scipy/array", sparse.csr_array(matrix))
    pickled("scipy/tree", cKDTree(ROWS), first=2)
    versions(scipy=scipy)


def estimators():
    from sklearn.calibration import CalibratedClassifierCV
    from sklearn.cluster import DBSCAN, KMeans, MiniBatchKMeans
    from sklearn.compose import ColumnTransformer
    from sklearn.decomposition import NMF, PCA, LatentDirichletAllocation, TruncatedSVD
    from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
    from sklearn.ensemble import (
        AdaBoostClassifier,
        ExtraTreesClassifier,
        GradientBoostingClassifier,
        HistGradientBoostingClassifier,
        IsolationForest,
        RandomForestClassifier,
        RandomForestRegressor,
        StackingClassifier,
        VotingClassifier,
    )
    from sklearn.feature_extraction.text import CountVectorizer, HashingVectorizer, TfidfVectorizer
    from sklearn.gaussian_process import GaussianProcessRegressor
    from sklearn.gaussian_process.kernels import RBF, WhiteKernel
    from sklearn.impute import KNNImputer, SimpleImputer
    from sklearn.isotonic import IsotonicRegression
    from sklearn.linear_model import (
        ElasticNet,
        Lasso,
        LinearRegression,
        LogisticRegression,
        Perceptron,
        Ridge,
        SGDClassifier,
    )
    from sklearn.manifold import TSNE
    from sklearn.mixture import GaussianMixture
    from sklearn.model_selection import GridSearchCV
    from sklearn.multiclass import OneVsRestClassifier
    from sklearn.naive_bayes import GaussianNB, MultinomialNB
    from sklearn.neighbors import KNeighborsClassifier, NearestNeighbors, LocalOutlierFactor
    from sklearn.neural_network import MLPClassifier
    from sklearn.pipeline import FeatureUnion, make_pipeline
    from sklearn.preprocessing import (
        KBinsDiscretizer,
        LabelBinarizer,
        LabelEncoder,
        MinMaxScaler,
        OneHotEncoder,
        OrdinalEncoder,
        PolynomialFeatures,
        QuantileTransformer,
        RobustScaler,
        StandardScaler,
    )
    from sklearn.svm import SVC, SVR, LinearSVC, OneClassSVM
    from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

    words = ["a few words", "and some others", "a third text"]
    fit = lambda one: one.fit(ROWS, LABELS)  # noqa: E731
    yield "calibrated", fit(CalibratedClassifierCV(LinearSVC(), cv=2))
    for one in (DBSCAN(), KMeans(2, n_init=1), MiniBatchKMeans(2, n_init=1), PCA(2), NMF(2), TruncatedSVD(2)):
        yield type(one).__name__, one.fit(ROWS)
    for one in (GaussianMixture(2), IsolationForest(n_estimators=3), OneClassSVM(), NearestNeighbors(), LocalOutlierFactor()):
        yield type(one).__name__, one.fit(ROWS)
    yield "TSNE", TSNE(perplexity=5, init="random").fit(ROWS)
    yield "LatentDirichletAllocation", LatentDirichletAllocation(2, max_iter=2).fit(ROWS)
    for one in (
        AdaBoostClassifier(n_estimators=3),
        DecisionTreeClassifier(),
        DecisionTreeRegressor(),
        ElasticNet(),
        ExtraTreesClassifier(3),
        GaussianNB(),
        GaussianProcessRegressor(RBF() + WhiteKernel()),
        GradientBoostingClassifier(n_estimators=3),
        HistGradientBoostingClassifier(max_iter=3),
        KNeighborsClassifier(3),
        KNeighborsClassifier(3, algorithm="kd_tree"),
        KNeighborsClassifier(3, algorithm="ball_tree"),
        Lasso(),
        LinearDiscriminantAnalysis(),
        LinearRegression(),
        LinearSVC(),
        LogisticRegression(),
        MLPClassifier((4,), max_iter=5),
        MultinomialNB(),
        OneVsRestClassifier(LogisticRegression()),
        Perceptron(),
        RandomForestClassifier(3),
        RandomForestRegressor(3),
        Ridge(),
        SGDClassifier(),
        SVC(probability=True),
        SVR(),
        StackingClassifier([("a", LogisticRegression()), ("b", GaussianNB())], cv=2),
        VotingClassifier([("a", LogisticRegression()), ("b", GaussianNB())]),
    ):
        yield f"{type(one).__name__}-{getattr(one, 'algorithm', '')}", fit(one)
    yield "IsotonicRegression", IsotonicRegression().fit(ROWS[:, 0], LABELS)
    yield "GridSearchCV", fit(GridSearchCV(LogisticRegression(), {"C": [0.1, 1]}, cv=2))
    yield "pipeline", fit(make_pipeline(StandardScaler(), PCA(2), LogisticRegression()))
    columns = ColumnTransformer([("a", MinMaxScaler(), [0, 1]), ("b", "passthrough", [2]), ("c", "drop", [3])])
    yield "ColumnTransformer", columns.fit(ROWS)
    yield "FeatureUnion", FeatureUnion([("a", PCA(1)), ("b", MinMaxScaler())]).fit(ROWS)
    for one in (KBinsDiscretizer(3), PolynomialFeatures(), QuantileTransformer(n_quantiles=5), RobustScaler(), SimpleImputer(), KNNImputer()):
        yield type(one).__name__, one.fit(ROWS)
    yield "LabelEncoder", LabelEncoder().fit(["a", "b"])
    yield "LabelBinarizer", LabelBinarizer().fit(["a", "b", "c"])
    yield "OneHotEncoder", OneHotEncoder().fit([["a"], ["b"]])
    yield "OrdinalEncoder", OrdinalEncoder().fit([["a"], ["b"]])
    for one in (CountVectorizer(), TfidfVectorizer(ngram_range=(1, 2)), HashingVectorizer()):
        yield type(one).__name__, one.fit(words)


def write_sklearn():
    import sklearn

    import joblib

    for name, estimator in estimators():
        save(f"sklearn/{name}.pkl", pickle.dumps(estimator))
        buffer = io.BytesIO()
        joblib.dump(estimator, buffer, compress=3)
        save(f"sklearn/{name}.joblib", buffer.getvalue())
    versions(sklearn=sklearn)


def write_joblib():
    import joblib

    value = {
        "array": np.arange(600.0).reshape(20, 30),
        "fortran": np.asfortranarray(ROWS),
        "empty": np.zeros(0),
        "objects": np.array(["a", None], dtype=object),
        "plain": [1, "two", 3.0, None, (4,), {"five": {6}}],
    }
    ways = [0, 3, ("zlib", 9), ("gzip", 3), ("bz2", 3), ("xz", 1), ("lzma", 1)]
    try:
        import lz4  # noqa: F401

        ways.append(("lz4", 1))
    except ImportError:
        pass
    for way in ways:
        name = way if isinstance(way, int) else way[0]
        # A file, not a buffer: only so does joblib align its arrays.
        path = os.path.join(OUT, f"joblib/{name}.joblib")
        os.makedirs(os.path.dirname(path), exist_ok=True)
        joblib.dump(value, path, compress=way)
    versions(joblib=joblib)


def write_pandas():
    import pandas as pd

    frame = pd.DataFrame(
        {
            "ints": [1, 2, 3],
            "floats": [0.5, None, 1.5],
            "text": ["a", "b", None],
            "times": pd.date_range("2024-01-01", periods=3),
            "zoned": pd.date_range("2024-01-01", periods=3, tz="UTC"),
            "kinds": pd.Categorical(["x", "y", "x"]),
            "flags": [True, False, True],
            "nullable": pd.array([1, None, 3], dtype="Int64"),
            "periods": pd.period_range("2024-01", periods=3, freq="M"),
            "deltas": pd.to_timedelta([1, 2, 3], unit="D"),
        }
    )
    pickled("pandas/frame", frame)
    pickled("pandas/series", frame["floats"])
    pickled("pandas/multi-index", frame.set_index(["ints", "flags"]))
    pickled("pandas/intervals", pd.cut(pd.Series([1, 5, 9]), 3))
    pickled("pandas/timestamp", [pd.Timestamp("2024-01-01"), pd.Timedelta("1D"), pd.NaT])
    pickled("pandas/strings", pd.Series(["a", "b"], dtype="string"))
    for method in (None, "gzip", "bz2", "xz", "zip"):
        path = os.path.join(OUT, f"pandas/frame-{method}.pkl")
        frame.to_pickle(path, compression=method)
    save("pandas/frame.csv", frame.to_csv().encode())
    save("pandas/frame.json", frame.astype(str).to_json().encode())
    versions(pandas=pd)


def write_xgboost():
    import xgboost as xgb

    booster = xgb.train({"objective": "binary:logistic"}, xgb.DMatrix(ROWS, LABELS), 3)
    formats = ["json", "ubj"] if int(xgb.__version__.split(".")[0]) >= 3 else ["json", "ubj", "deprecated"]
    for kind in formats:
        save(f"xgboost/model-{kind}.{'bin' if kind == 'deprecated' else kind}", bytes(booster.save_raw(kind)))
    save("xgboost/booster.pkl", pickle.dumps(booster))
    versions(xgboost=xgb)


def write_xgboost_sklearn():
    import xgboost as xgb

    for one in (xgb.XGBClassifier(n_estimators=3), xgb.XGBRegressor(n_estimators=3)):
        save(f"xgboost/{type(one).__name__}.pkl", pickle.dumps(one.fit(ROWS, LABELS)))


def write_lightgbm():
    import lightgbm as lgb

    booster = lgb.train(
        {"objective": "binary", "verbose": -1, "min_data_in_leaf": 2, "num_threads": 1}, lgb.Dataset(ROWS, LABELS), 3
    )
    save("lightgbm/model.txt", booster.model_to_string().encode())
    save("lightgbm/model.json", json.dumps(booster.dump_model()).encode())
    save("lightgbm/booster.pkl", pickle.dumps(booster))
    versions(lightgbm=lgb)


def write_onnx():
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    weights = numpy_helper.from_array(np.ones((4, 2), "f4"), "w")
    nodes = [
        helper.make_node("MatMul", ["x", "w"], ["y"]),
        helper.make_node("Relu", ["y"], ["z"]),
        helper.make_node("Softmax", ["z"], ["out"], axis=1),
    ]
    graph = helper.make_graph(
        nodes,
        "net",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", 4])],
        [helper.make_tensor_value_info("out", TensorProto.FLOAT, ["batch", 2])],
        [weights],
        doc_string="a small net",
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 15)], producer_name="test")
    onnx.checker.check_model(model)
    onnx.helper.set_model_props(model, {"author": "nobody", "classes": "['a', 'b']"})
    save("onnx/model.onnx", model.SerializeToString())
    save("onnx/inferred.onnx", onnx.shape_inference.infer_shapes(model).SerializeToString())
    save("onnx/tensor.pb", weights.SerializeToString())
    folder = os.path.join(OUT, "onnx/external")
    os.makedirs(folder, exist_ok=True)
    onnx.save_model(
        model, os.path.join(folder, "model.onnx"), save_as_external_data=True, location="model.onnx_data", size_threshold=0
    )
    versions(onnx=onnx)


def write_h5py():
    import h5py

    for libver in ("earliest", "latest"):
        buffer = io.BytesIO()
        with h5py.File(buffer, "w", libver=libver) as file:
            file.attrs["title"] = "a file"
            file.attrs["names"] = ["a", "b"]
            group = file.create_group("layers/dense/vars")
            group.create_dataset("0", data=np.ones((4, 2), "f4"))
            group.create_dataset("1", data=np.zeros(2), compression="gzip", shuffle=True, fletcher32=True, chunks=(1,))
            file.create_dataset("text", data=["x", "yz"], dtype=h5py.string_dtype())
            file.create_dataset("grows", shape=(2, 3), maxshape=(None, 3), data=np.arange(6).reshape(2, 3))
            file["again"] = h5py.SoftLink("/layers/dense")
            many = file.create_group("many")
            for i in range(60):
                many.create_dataset(f"d{i}", data=i)
        save(f"h5py/{libver}.h5", buffer.getvalue())
    versions(h5py=h5py)


def write_safetensors():
    import safetensors
    from safetensors.numpy import save as dump

    arrays = {"a": np.arange(6, dtype="f4").reshape(2, 3), "b": np.ones(3, "f2"), "c": np.zeros((0, 2)), "d": np.array(1)}
    save("safetensors/model.safetensors", dump(arrays, {"format": "np"}))
    save("safetensors/none.safetensors", dump({}))
    versions(safetensors=safetensors)


def write_statsmodels():
    import pandas as pd
    import statsmodels
    import statsmodels.api as sm
    import statsmodels.formula.api as smf
    from statsmodels.tsa.api import VAR
    from statsmodels.tsa.arima.model import ARIMA

    design = sm.add_constant(ROWS[:, 1:])
    fitted = {
        "ols": sm.OLS(ROWS[:, 0], design).fit(),
        "glm": sm.GLM(ROWS[:, 0], design, family=sm.families.Gamma(sm.families.links.Log())).fit(),
        "logit": sm.Logit(LABELS, design[:, :1]).fit(disp=0),
        "robust": sm.RLM(ROWS[:, 0], design).fit(),
        "formula": smf.ols("a ~ b + np.log(c)", pd.DataFrame(ROWS, columns=list("abcd"))).fit(),
        "arima": ARIMA(ROWS[:, 0], order=(1, 0, 1)).fit(),
        "var": VAR(ROWS).fit(1),
    }
    for name, result in fitted.items():
        save(f"statsmodels/{name}.pkl", pickle.dumps(result))
    versions(statsmodels=statsmodels)


def write_hmmlearn():
    import hmmlearn
    from hmmlearn import hmm

    pickled("hmmlearn/gaussian", hmm.GaussianHMM(2).fit(ROWS), first=2)
    pickled("hmmlearn/categorical", hmm.CategoricalHMM(2).fit(LABELS[:, None]), first=2)
    versions(hmmlearn=hmmlearn)


def write_hdbscan():
    import hdbscan

    pickled("hdbscan/clusters", hdbscan.HDBSCAN(prediction_data=True).fit(ROWS), first=2)


def write_nltk():
    import nltk
    from nltk.lm import Laplace
    from nltk.lm.preprocessing import padded_everygram_pipeline
    from nltk.tokenize.punkt import PunktSentenceTokenizer

    tagged = [[("the", "DT"), ("cat", "NN")]]
    pickled("nltk/tagger", nltk.BigramTagger(tagged, backoff=nltk.UnigramTagger(tagged, backoff=nltk.DefaultTagger("NN"))))
    pickled("nltk/bayes", nltk.NaiveBayesClassifier.train([({"a": True}, "x"), ({"b": True}, "y")]))
    pickled("nltk/punkt", PunktSentenceTokenizer("Mr. Smith went to Dr. Jones. He was ill. " * 20), first=2)
    pickled("nltk/stemmers", [nltk.PorterStemmer(), nltk.SnowballStemmer("english")], first=2)
    grams, words = padded_everygram_pipeline(2, [["a", "b"], ["a", "c"]])
    model = Laplace(2)
    model.fit(grams, words)
    pickled("nltk/language-model", model, first=2)
    versions(nltk=nltk)


def write_gensim():
    import gensim
    from gensim.corpora import Dictionary
    from gensim.models import Doc2Vec, FastText, LdaModel, Phrases, TfidfModel, Word2Vec
    from gensim.models.doc2vec import TaggedDocument

    texts = [["a", "b", "c"], ["a", "c", "d"], ["b", "d", "e", "a"]] * 5
    words = Dictionary(texts)
    corpus = [words.doc2bow(text) for text in texts]
    models = {
        "word2vec": Word2Vec(texts, vector_size=8, min_count=1),
        "fasttext": FastText(texts, vector_size=8, min_count=1, bucket=50),
        "doc2vec": Doc2Vec([TaggedDocument(text, [i]) for i, text in enumerate(texts)], vector_size=8, min_count=1),
        "lda": LdaModel(corpus, num_topics=2, id2word=words),
        "tfidf": TfidfModel(corpus),
        "phrases": Phrases(texts, min_count=1, threshold=0.1),
        "dictionary": words,
    }
    os.makedirs(os.path.join(OUT, "gensim"), exist_ok=True)
    for name, model in models.items():
        model.save(os.path.join(OUT, f"gensim/{name}.model"))
    versions(gensim=gensim)


def write_sentencepiece():
    import sentencepiece

    os.makedirs(os.path.join(OUT, "sentencepiece"), exist_ok=True)
    sentences = iter([f"the cat {i} sat on mat number {i * 7} and a dog ran" for i in range(300)])
    prefix = os.path.join(OUT, "sentencepiece/unigram")
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=sentences, model_prefix=prefix, vocab_size=40, hard_vocab_limit=False, minloglevel=2
    )
    pickled("sentencepiece/processor", sentencepiece.SentencePieceProcessor(model_file=f"{prefix}.model"), first=2)
    versions(sentencepiece=sentencepiece)


def write_dill():
    import dill

    value = {"kinds": [{1, 2}, (3,), b"four", 5.5], "array": np.arange(4), "empty": np.zeros(0)}
    for protocol in range(2, 6):
        save(f"dill/plain-p{protocol}.pkl", dill.dumps(value, protocol=protocol))
    versions(dill=dill)


def write_polars():
    import polars

    frame = polars.DataFrame({"ints": [1, 2], "text": ["a", None], "lists": [[1], [2, 3]]})
    pickled("polars/frame", frame, first=2)
    pickled("polars/series", frame["ints"], first=2)
    for kind in ("parquet", "ipc", "ipc_stream", "json", "ndjson"):
        path = os.path.join(OUT, f"polars/frame-{kind}.{'arrow' if 'ipc' in kind else kind}")
        getattr(frame, f"write_{kind}")(path)
    versions(polars=polars)


def main():
    os.makedirs(OUT, exist_ok=True)
    for write in (
        write_numpy,
        write_scipy,
        write_joblib,
        write_sklearn,
        write_pandas,
        write_xgboost,
        write_xgboost_sklearn,
        write_lightgbm,
        write_onnx,
        write_h5py,
        write_safetensors,
        write_statsmodels,
        write_hmmlearn,
        write_hdbscan,
        write_nltk,
        write_gensim,
        write_sentencepiece,
        write_dill,
        write_polars,
    ):
        try:
            write()
        except ModuleNotFoundError as missing:
            # An environment may hold some of them only; the test counts what there is.
            print(f"{write.__name__}: {missing}", file=sys.stderr)
    with open(os.path.join(OUT, "versions.json"), "w") as file:
        json.dump(written, file)


main()
