"""The two libraries that grow trees: LightGBM first, XGBoost second. Both seeded and deterministic on a CPU."""

import numpy as np


def shape(y):
    """Few positives bear few leaves."""
    if y.sum() < 2000:
        return dict(leaves=5, trees=60, rate=0.05, least=max(10, len(y) // 200))
    return dict(leaves=15, trees=120, rate=0.08, least=50)


class LightGBM:
    format, file = "lightgbm", "model.txt"

    def fit(self, x, y, names, seed):
        import lightgbm

        s = shape(y)
        parameters = dict(objective="binary", num_leaves=s["leaves"], learning_rate=s["rate"], min_data_in_leaf=s["least"], feature_fraction=0.8,
                          bagging_fraction=0.8, bagging_freq=1, lambda_l2=1.0, deterministic=True, force_row_wise=True, num_threads=1,
                          seed=seed, verbosity=-1, max_bin=127)
        self.model = lightgbm.train(parameters, lightgbm.Dataset(x, y, feature_name=names), num_boost_round=s["trees"])
        return self

    def predict(self, x):
        return self.model.predict(x, num_threads=1)

    def save(self, path):
        import lightgbm

        self.model.save_model(path)
        with open(path) as f:  # the parameters are in the card; what is left is the model alone
            text = f.read()
        with open(path, "w") as f:
            f.write(text.split("\nparameters:")[0] + "\n")
        self.model = lightgbm.Booster(model_file=path)

    def version(self):
        import lightgbm

        return "lightgbm " + lightgbm.__version__


class XGBoost:
    format, file = "xgboost", "model.json"

    def fit(self, x, y, names, seed):
        import xgboost

        s = shape(y)
        parameters = dict(objective="binary:logistic", tree_method="hist", grow_policy="lossguide", max_leaves=s["leaves"], max_depth=0, eta=s["rate"],
                          min_child_weight=5, subsample=0.8, colsample_bytree=0.8, reg_lambda=1.0, nthread=1, seed=seed, max_bin=128)
        self.names = names
        self.model = xgboost.train(parameters, xgboost.DMatrix(x, y, feature_names=names), num_boost_round=s["trees"])
        return self

    def predict(self, x):
        import xgboost

        return self.model.predict(xgboost.DMatrix(x, feature_names=self.names)).astype(np.float64)

    def save(self, path):
        import xgboost

        self.model.save_model(path)
        self.model = xgboost.Booster(model_file=path)

    def version(self):
        import xgboost

        return "xgboost " + xgboost.__version__


ENGINES = {"lightgbm": LightGBM, "xgboost": XGBoost}
