# Weir's commands. Each installs what it needs (Debian packages, through apt) and builds what changed.
.DEFAULT_GOAL := help
.PHONY: help deps build demo e2e test bench lint format fuzz chaos sanitize clean

T ?=
REPO ?=
JOBS ?= $(shell nproc)

help: ## list the commands
	@grep -hE '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

deps: ## install the missing Debian packages
	@scripts/install-deps.sh

build: deps ## build the release binary at build/weir
	@scripts/build.sh release

demo: build ## import three tenants' data into a private PostgreSQL (REPO=path imports that clone)
	@REPO="$(REPO)" scripts/demo.sh

test: deps ## build and run every test (T=name runs those whose name matches)
	@T="$(T)" scripts/test.sh

e2e: build ## a customer's whole life through the HTTP API, step by step
	@scripts/customer_flow.py

sanitize: deps ## the tests under ASan+UBSan, then TSan
	@PRESET=asan-ubsan T="$(T)" scripts/test.sh
	@PRESET=tsan T="$(T)" scripts/test.sh

lint: deps ## clang-format, clang-tidy and the layering test
	@scripts/lint.sh

format: deps ## format the C++ files in place
	@git ls-files -co --exclude-standard '*.cpp' '*.hpp' | xargs clang-format-19 -i

fuzz: deps ## run each fuzzer for SECONDS_EACH (default 600) seconds
	@scripts/fuzz.sh

chaos: build ## the long rounds: kills, freezes, races; prints its evidence
	@scripts/chaos.sh

bench: build ## benchmarks against the physical limit of the same run
	@scripts/bench.sh

clean: ## remove build/
	@rm -rf build
