# Polymath. `make train` and `make test` do everything on a fresh Debian 12 or Ubuntu 24.04 with git, make and Swift
# 6.2 or newer.

.PHONY: train test bench bench-peers chaos extremes fuzz learning build setup ctest lint format gymnasium metaworld minatar clean

# Swift's debug builds compile C with -O2 all the same (Package.swift); release is for training.
CONFIGURATION = release
REQUIREMENTS = Sources/Environments/Worker/Python/requirements.txt

# Trains the default agent. ARGUMENTS="--suite goals --steps 200000" changes what is trained.
train: build
	./polymath train $(ARGUMENTS)

test: setup ctest
	@$(MAKE) --no-print-directory gymnasium || echo "without Python's packages, the tests of its environments are left out"
	swift test
	@if [ -f .venv/.installed ]; then \
		.venv/bin/python Tests/Python/test_border.py && .venv/bin/python Tests/Python/test_environment_state.py && \
		.venv/bin/python Tests/Python/test_atari_exact.py; fi

ctest: setup
	$(MAKE) --no-print-directory -j2 -C CKernels ctest

# How near the kernels come to what this processor can do.
bench: setup
	RL_BENCH=1 swift test -c release --scratch-path .build-bench --filter "KernelBenchmarks|AllocationTests"

# Polymath beside PyTorch and rlax, alternately; their packages are 3 GB.
bench-peers: build .venv-peers/.installed
	.venv-peers/bin/python Tests/Peers/compare.py $(ROWS)

.venv-peers/.installed: Tests/Peers/requirements.txt
	@python3 -c 'import ensurepip' 2>/dev/null || ./scripts/setup python3-venv
	python3 -m venv .venv-peers
	.venv-peers/bin/python -m pip install --quiet --disable-pip-version-check -r $<
	touch $@

# A training whose workers are killed and stopped fifty times.
chaos: build gymnasium
	./scripts/chaos

# Every option of every command with values that hurt, one process each.
extremes: setup
	EXTREMES=1 swift test --filter CommandLineTests

# Changed checkpoints for a minute and a half, under the address sanitizer. FUZZ_SEED=N FUZZ_SECONDS=0 repeats one.
fuzz: setup
	FUZZ_SECONDS=$${FUZZ_SECONDS:-90} ASAN_OPTIONS=detect_leaks=0 \
		swift test --sanitize=address --scratch-path .build-asan --filter StateFuzz

# The studies of docs/results that take minutes.
learning: build
	./scripts/winner-take-all
	./scripts/dense-beside-sparse

build: setup
	swift build -c $(CONFIGURATION) --product polymath
	./scripts/launcher $(CONFIGURATION)

setup:
	./scripts/setup

lint:
	swift format lint --strict --recursive --parallel Sources Tests Examples Package.swift

format:
	swift format --in-place --recursive --parallel Sources Tests Examples Package.swift

# Python and its packages for the suites that need them: Gymnasium with Atari, Meta-World with its simulator, and MinAtar. Native
# suites need nothing.
gymnasium: .venv/.installed

.venv/.installed: $(REQUIREMENTS)
	@python3 -c 'import ensurepip' 2>/dev/null || ./scripts/setup python3-venv
	python3 -m venv .venv
	.venv/bin/python -m pip install --quiet --disable-pip-version-check -r $(REQUIREMENTS)
	touch $@

metaworld: .venv/.installed-metaworld

.venv/.installed-metaworld: .venv/.installed $(dir $(REQUIREMENTS))requirements-metaworld.txt
	.venv/bin/python -m pip install --quiet --disable-pip-version-check -r $(dir $(REQUIREMENTS))requirements-metaworld.txt
	touch $@

minatar: .venv/.installed-minatar

# Without what it depends on, which is for drawing: its games need numpy and Gymnasium only.
.venv/.installed-minatar: .venv/.installed $(dir $(REQUIREMENTS))requirements-minatar.txt
	.venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps -r $(dir $(REQUIREMENTS))requirements-minatar.txt
	touch $@

clean:
	rm -rf .build .build-* polymath
