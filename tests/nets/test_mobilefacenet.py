"""MobileFaceNet against torch's numbers."""

import pytest
import seeded_ports as ports

NUMBERS = {"landmarks": [-1.1274, 0.48878, -0.60283, 0.5496, -0.48031]}


@pytest.fixture(scope="module")
def net():
    return ports.seeded_port("mobilefacenet")


@pytest.fixture(scope="module")
def faces():
    return ports.uniform(2, 3, 112, 112)


@pytest.mark.parity
def test_outputs_equal_torch(net, faces, shared):
    ports.check_parity(net(faces), shared / "parity/mobilefacenet.npz")


def test_outputs_equal_those_that_passed_with_torch(net, faces):
    ports.check_numbers(net(faces), NUMBERS)


def test_a_batch_equals_single_faces(net, faces):
    ports.check_batch(net, faces)
    assert net.n_compilations == 2


@pytest.mark.parity
def test_keys_are_those_of_torch(shared):
    ports.check_keys("mobilefacenet", shared / "parity/state_dicts/mobilefacenet.txt")


def test_wrong_keys_are_listed():
    ports.check_wrong_keys("mobilefacenet")
