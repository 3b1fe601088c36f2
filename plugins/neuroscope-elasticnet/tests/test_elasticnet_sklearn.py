from sklearn.utils.estimator_checks import parametrize_with_checks

from neuroscope_elasticnet.estimator import ElasticNetProbe

PROBES = [
    ElasticNetProbe(),
    ElasticNetProbe(l1=0.0),
    ElasticNetProbe(scale="none", l2=0.0),
    ElasticNetProbe(solver="adam"),
    ElasticNetProbe(solver="adam", scale="none", norm="plain", shuffle=True),
]


@parametrize_with_checks(PROBES)
def test_scikit_learn_takes_it_for_a_classifier(estimator, check):
    check(estimator)
