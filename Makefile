# SPDX-License-Identifier: MIT
#
# libemailservice: read from top to bottom. `make help` says what there is to make.

VERSION   := 0.1.0
SOVERSION := 0

# --- knobs: make NAME=VALUE ---------------------------------------------------------------------
CC       ?= cc
CXX      ?= c++
NM       ?= nm
OBJCOPY  ?= objcopy
CFLAGS   ?= -O2 -g
LDFLAGS  ?=
BUILD    ?= build
DEPS     ?= build/deps
JOBS     ?= $(shell getconf _NPROCESSORS_ONLN)
# What a fuzzer runs before `make fuzz` calls it good.
FUZZ_SECONDS ?= 30
# How long `make soak` goes on.
SOAK_SECONDS ?= 1800
# An mbedTLS of one's own, 3.6.1 or later; without it the distribution's, or one brought in.
MBEDTLS_PREFIX ?=

PREFIX     ?= /usr/local
BINDIR     ?= $(PREFIX)/bin
LIBDIR     ?= $(PREFIX)/lib
INCLUDEDIR ?= $(PREFIX)/include
DATADIR    ?= $(PREFIX)/share
DESTDIR    ?=

# Warnings are errors in `make check`, where the compilers are known; not for a user with a newer one.
CHECKS := check crash soak unit asan tsan valgrind transcripts replay live hostile oauth check-oauth headers install-check
WERROR ?= $(if $(filter $(CHECKS),$(MAKECMDGOALS)),-Werror)
export CC CXX NM BUILD DEPS MBEDTLS_PREFIX WERROR VERSION

# --- what is needed: tools/deps.sh installs what is missing, and says so ------------------------
.DEFAULT_GOAL := all
GOALS := $(or $(MAKECMDGOALS),all)
SETS  := build $(if $(filter $(CHECKS) unit/%,$(GOALS)),test) $(filter lint fuzz crash,$(GOALS)) \
         $(if $(filter bench bench-mime bench-receive bench-queue,$(GOALS)),bench) $(if $(filter check-courier,$(GOALS)),courier) \
         $(if $(filter oauth check-oauth,$(GOALS)),oauth)
ifneq ($(filter-out clean distclean uninstall help,$(GOALS)),)
include $(DEPS)/config.mk
# Looked at each time (it takes a twentieth of a second), written only when something has changed.
ifndef DEPS_DONE
$(DEPS)/config.mk: FORCE
	@CC='$(CC)' DEPS='$(DEPS)' MBEDTLS_PREFIX='$(MBEDTLS_PREFIX)' tools/deps.sh $(SETS)
endif
endif

# --- flags --------------------------------------------------------------------------------------
WARN := -std=c11 -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes \
        -Wvla -Wwrite-strings -Wswitch-enum -Wformat=2 -Wundef
ALL_CFLAGS = $(WARN) $(WERROR) $(CFLAGS) -D_POSIX_C_SOURCE=200809L -DEMAIL__VERSION=\"$(VERSION)\" \
             -fPIC -fvisibility=hidden -ffunction-sections -fdata-sections -pthread -MMD -MP
LIB_CFLAGS   = $(ALL_CFLAGS) -Iinclude -Ilib $(MBEDTLS_CFLAGS) $(XML_CFLAGS) $(JANSSON_CFLAGS)
# Tools and examples are programs like anyone's: they see the public headers alone.
TOOL_CFLAGS  = $(ALL_CFLAGS) -Iinclude $(JANSSON_CFLAGS)
TEST_CFLAGS  = $(LIB_CFLAGS) -Itests
LIBS         = $(MBEDTLS_LIBS) $(XML_LIBS) $(JANSSON_LIBS) -pthread

# --- what there is ------------------------------------------------------------------------------
LIB_OBJ  := $(patsubst %.c,$(BUILD)/%.o,$(wildcard lib/*/*.c))
TOOL_OBJ := $(patsubst %.c,$(BUILD)/%.o,$(wildcard tools/emailctl/*.c))
HEADERS  := $(wildcard include/emailservice/*.h)
MAN      := $(wildcard man/*.[1-8])
EXAMPLES := $(patsubst %.c,$(BUILD)/%,$(wildcard examples/*.c))
# tests/support: shared by tests, no main(); tests/programs: servers and helpers that scripts start.
# What asserts needs cmocka, which the demo does without.
SUPPORT_C   := $(wildcard tests/support/*.c)
SUPPORT_OBJ := $(patsubst %.c,$(BUILD)/%.o,$(if $(CMOCKA_LIBS),$(SUPPORT_C),$(filter-out $(shell grep -l '"support/cm.h"' $(SUPPORT_C)),$(SUPPORT_C))))
PROGRAMS    := $(patsubst %.c,$(BUILD)/%,$(wildcard tests/programs/*.c))
UNIT        := $(patsubst %.c,$(BUILD)/%,$(wildcard tests/unit/*_test.c))
TRANSCRIPTS := $(patsubst %.c,$(BUILD)/%,$(wildcard tests/transcripts/*_test.c))
REPLAY      := $(patsubst %_fuzz.c,$(BUILD)/%_replay,$(wildcard tests/fuzz/*_fuzz.c))
FUZZERS     := $(patsubst %.c,$(BUILD)/%,$(wildcard tests/fuzz/*_fuzz.c))
CRASH       := $(BUILD)/tests/crash/crash
LIVE        := $(wildcard tests/live/*.sh)
HOSTILE     := $(wildcard tests/hostile/*.sh)
OAUTH       := $(wildcard tests/oauth/*.sh)
# Peers are measured where they are installed.
PEERS       := $(if $(wildcard /usr/include/*/curl/curl.h),curl) $(if $(wildcard /usr/include/libetpan/libetpan.h),etpan) \
               $(if $(wildcard /usr/include/libesmtp.h),esmtp)
# tests/live/economy*.sh hold this library's own figures to their bounds; the peers are for `make bench`.
ECONOMY     := $(BUILD)/bench/sink $(BUILD)/bench/count.so $(BUILD)/bench/pki/server.pem $(BUILD)/bench/client_self \
               $(BUILD)/bench/receive_self $(BUILD)/bench/queue_self
BENCH       := $(ECONOMY) $(patsubst %,$(BUILD)/bench/client_%,$(PEERS)) $(BUILD)/bench/receive_floor \
               $(patsubst %,$(BUILD)/bench/receive_%,$(filter-out esmtp,$(PEERS)))
QUEUE_PEERS := postfix $(if $(wildcard /usr/include/sqlite3.h),sqlite)
BENCH_QUEUE := $(BENCH) $(patsubst %,$(BUILD)/bench/queue_%,$(QUEUE_PEERS))
MIME_PEERS  := $(if $(wildcard /usr/include/gmime-3.0/gmime/gmime.h),gmime) $(if $(wildcard /usr/include/libetpan/libetpan.h),etpan) \
               $(if $(wildcard /usr/include/vmime/vmime.hpp),vmime)
BENCH_MIME  := $(BUILD)/bench/count.so $(patsubst %,$(BUILD)/bench/mime_%,self $(MIME_PEERS))

SHARED  := libemailservice.so.$(VERSION)
EMAILCTL := $(if $(TOOL_OBJ),$(BUILD)/emailctl)
SCHEMA  := $(if $(TOOL_OBJ),$(BUILD)/emailservice.xsd)
PRODUCT := $(BUILD)/libemailservice.a $(BUILD)/libemailservice.so $(EMAILCTL)

# --- library and command line -------------------------------------------------------------------
all: $(PRODUCT)

# Objects are made anew when compiler, flags or mbedTLS change.
$(BUILD)/flags: FORCE
	@mkdir -p $(@D)
	@echo '$(CC) $(CFLAGS) $(MBEDTLS_KIND) $(MBEDTLS_VERSION) $(MBEDTLS_CFLAGS)' > $@.new
	@if cmp -s $@.new $@; then rm $@.new; else mv $@.new $@; fi

$(BUILD)/lib/%.o: lib/%.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(CC) $(LIB_CFLAGS) -c $< -o $@

# Every object with its internal names: what tests link.
$(BUILD)/objects.a: $(LIB_OBJ)
	@rm -f $@
	$(AR) rcs $@ $^

# What users link: one object in which only the public names are global, so that neither an internal
# name nor an mbedTLS brought in (there is none in it otherwise) can meet another of the program's.
$(BUILD)/libemailservice.a: $(LIB_OBJ) $(MBEDTLS_ARCHIVES)
	$(CC) -r -nostdlib $(filter-out -fsanitize%,$(CFLAGS)) -o $(BUILD)/emailservice.o $(LIB_OBJ) $(MBEDTLS_ARCHIVES)
	$(OBJCOPY) --wildcard --keep-global-symbol='email_[!_]*' $(BUILD)/emailservice.o
	@rm -f $@
	$(AR) rcs $@ $(BUILD)/emailservice.o

$(BUILD)/$(SHARED): $(LIB_OBJ) $(MBEDTLS_ARCHIVES)
	$(CC) $(CFLAGS) -shared -Wl,-soname,libemailservice.so.$(SOVERSION) -Wl,--exclude-libs,ALL -Wl,--gc-sections \
	      -Wl,--as-needed -Wl,-z,relro,-z,now $(LDFLAGS) $(LIB_OBJ) $(LIBS) -o $@

$(BUILD)/libemailservice.so: $(BUILD)/$(SHARED)
	ln -sf $(SHARED) $(BUILD)/libemailservice.so.$(SOVERSION)
	ln -sf $(SHARED) $@

# Linked against a static library, mbedTLS is in it already or is the system's.
STATIC_LIBS = $(BUILD)/libemailservice.a $(if $(MBEDTLS_ARCHIVES),,$(MBEDTLS_LIBS)) $(XML_LIBS) $(JANSSON_LIBS) -pthread

$(BUILD)/tools/emailctl/%.o: tools/emailctl/%.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(CC) $(TOOL_CFLAGS) -c $< -o $@

$(BUILD)/emailctl: $(TOOL_OBJ) $(BUILD)/libemailservice.a
	$(CC) $(CFLAGS) -Wl,--gc-sections $(LDFLAGS) $(TOOL_OBJ) $(STATIC_LIBS) -o $@

$(BUILD)/emailservice.xsd: $(BUILD)/emailctl
	$< schema > $@.new
	@mv $@.new $@

$(BUILD)/examples/%: examples/%.c $(BUILD)/libemailservice.a
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -Iinclude $< $(LDFLAGS) $(STATIC_LIBS) -o $@

# --- tests: see HACKING.md ----------------------------------------------------------------------
$(BUILD)/tests/support/%.o: tests/support/%.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(CC) $(TEST_CFLAGS) -c $< -o $@

$(BUILD)/support.a: $(SUPPORT_OBJ)
	@rm -f $@
	@mkdir -p $(@D)
	$(AR) rcs $@ $^

TEST_PARTS = $(BUILD)/support.a $(BUILD)/objects.a
# Golden dialogues need a nonce that is known, and no second for each run: tests/support/replay_login.c.
$(filter-out %/http_test,$(TRANSCRIPTS)): WRAP = -Wl,--wrap=email__crypto_random,--wrap=email__pbkdf2
$(BUILD)/tests/%_test: tests/%_test.c $(TEST_PARTS)
	@mkdir -p $(@D)
	$(CC) $(TEST_CFLAGS) $< $(LDFLAGS) $(WRAP) $(TEST_PARTS) $(LIBS) $(CMOCKA_LIBS) -o $@

$(BUILD)/tests/programs/%: tests/programs/%.c $(TEST_PARTS)
	@mkdir -p $(@D)
	$(CC) $(TEST_CFLAGS) $< $(LDFLAGS) $(TEST_PARTS) $(LIBS) -o $@

# It stands between the library and the kernel, so it is linked in front of the C library.
$(CRASH): $(wildcard tests/crash/*.[ch]) $(TEST_PARTS)
	@mkdir -p $(@D)
	$(CC) $(TEST_CFLAGS) -Wno-pedantic $(filter %.c,$^) $(LDFLAGS) $(TEST_PARTS) $(LIBS) -o $@

$(BUILD)/tests/fuzz/%_replay: tests/fuzz/%_fuzz.c tests/fuzz/replay.c $(TEST_PARTS)
	@mkdir -p $(@D)
	$(CC) $(TEST_CFLAGS) $< tests/fuzz/replay.c $(LDFLAGS) $(TEST_PARTS) $(LIBS) -o $@

$(BUILD)/tests/fuzz/%_fuzz: tests/fuzz/%_fuzz.c $(TEST_PARTS)
	@mkdir -p $(@D)
	$(CC) $(TEST_CFLAGS) -fsanitize=fuzzer $< $(LDFLAGS) $(TEST_PARTS) $(LIBS) -o $@

# Without cmocka the unit tests cannot be built; deps.sh has said so, and the run says SKIP.
TESTS_OF_C = $(if $(CMOCKA_LIBS),$(UNIT) $(TRANSCRIPTS)) $(REPLAY)
test-programs: $(TESTS_OF_C) $(PROGRAMS) $(CRASH)
economy: $(ECONOMY)

ASAN = BUILD=$(BUILD)/asan CFLAGS="-O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=undefined"
TSAN = BUILD=$(BUILD)/tsan CFLAGS="-O1 -g -fsanitize=thread"
FUZZ = BUILD=$(BUILD)/fuzz CC=clang CFLAGS="-O1 -g -fsanitize=address,undefined,fuzzer-no-link -fno-sanitize-recover=undefined"

# Where a make is not told how many jobs, building takes all processors; tests are started by
# tests/run.sh, one group after the other.
FAST = $(MAKE) -s --no-print-directory DEPS_DONE=1 $(if $(filter -j% --jobserver%,$(MAKEFLAGS)),,-j$(JOBS))
SLOW = $(MAKE) --no-print-directory DEPS_DONE=1
RUN  = RESULTS=$(or $(RESULTS),$(BUILD)/log/results) tests/run.sh

check: export RESULTS = $(BUILD)/log/results
check:
	@rm -rf $(BUILD)/log
	@$(FAST) all test-programs examples economy
	@$(FAST) $(ASAN) test-programs
	@failed=; for group in floors headers unit transcripts replay asan crash live hostile install-check; do \
	   $(SLOW) check-$$group || failed=yes; done; tests/run.sh --summary && [ -z "$$failed" ]

# The same groups, as `make check` runs them: each test with a line in the summary.
check-floors: all
	@$(RUN) gate tests/floors.sh tests/house.sh
check-headers: all
	@$(RUN) gate tests/headers.sh
check-install-check: all
	@$(RUN) gate tests/install.sh
check-unit: test-programs
	@$(RUN) -j $(JOBS) $(if $(CMOCKA_LIBS),,-s "cmocka is not installed") unit $(UNIT)
check-transcripts: test-programs
	@$(RUN) -j $(JOBS) $(if $(CMOCKA_LIBS),,-s "cmocka is not installed") transcripts $(TRANSCRIPTS)
check-replay: test-programs
	@$(RUN) -j $(JOBS) replay $(REPLAY)
check-asan:
	@$(FAST) $(ASAN) test-programs
	@$(RUN) -j $(JOBS) asan $(patsubst $(BUILD)/%,$(BUILD)/asan/%,$(TESTS_OF_C))
# A part of `make crash`, in half a minute.
check-crash: test-programs
	@STEP=4 $(RUN) crash tests/crash/part.sh tests/crash/power_ext4.sh
check-live: all test-programs examples economy
	@$(RUN) -j $(JOBS) live $(LIVE)
check-hostile: all test-programs examples
	@$(RUN) -j $(JOBS) hostile $(HOSTILE)
# Beside `make check`: it brings node, and an authorization server from npm's registry.
check-oauth: all test-programs
	@$(RUN) oauth $(OAUTH)

# In a job of its own: Courier cannot be installed beside Dovecot, and is not needed for anything else.
check-courier: export RESULTS = $(BUILD)/log/courier-results
check-courier:
	@rm -f $(RESULTS)
	@$(FAST) all test-programs
	@$(RUN) courier $(wildcard tests/courier/*.sh)

# One group at a time, for people.
floors: all
	@tests/floors.sh
headers: all
	@tests/headers.sh
install-check: all
	@tests/install.sh
# The queue ended at every point in every way; and its mutation check, which needs to compile.
crash: export CRASH_CC = $(CC) $(TEST_CFLAGS)
crash: export CRASH_LIBS = $(TEST_PARTS) $(LDFLAGS) $(LIBS) $(CMOCKA_LIBS)
crash:
	@$(FAST) test-programs
	@rm -f $(BUILD)/log/results
	@$(RUN) crash tests/crash/whole.sh tests/crash/strace.sh tests/crash/power_ext4.sh tests/crash/power_xfs.sh tests/crash/mutants.sh
# The service under load, with all that can happen to it; SEED=... repeats one.
soak:
	@$(FAST) all test-programs
	@python3 tests/soak/soak.py '$(BUILD)' --seconds $(SOAK_SECONDS) $(if $(SEED),--seed '$(SEED)')
unit transcripts replay asan live hostile oauth:
	@$(FAST) test-programs $(if $(filter live hostile oauth,$@),all examples)
	@rm -f $(BUILD)/log/results
	@$(SLOW) check-$@
unit/%: $(BUILD)/tests/unit/%_test
	$<
tsan:
	@$(FAST) $(TSAN) test-programs
	@$(RUN) -j $(JOBS) tsan $(patsubst $(BUILD)/%,$(BUILD)/tsan/%,$(UNIT) $(TRANSCRIPTS))
valgrind: test-programs
	@EMAIL_TEST_VALGRIND=yes $(RUN) -j $(JOBS) -w "valgrind -q --leak-check=full --error-exitcode=99 --suppressions=tests/valgrind.supp" valgrind $(UNIT) $(TRANSCRIPTS)

# Each fuzzer for FUZZ_SECONDS from its corpus; what it finds new stays in the build folder.
fuzz:
	@$(FAST) $(FUZZ) fuzzers
	@for f in $(FUZZERS:$(BUILD)/%=$(BUILD)/fuzz/%); do \
	   name=$$(basename $$f _fuzz); mkdir -p $(BUILD)/fuzz/corpus/$$name; echo "== $$name"; \
	   $$f -max_total_time=$(FUZZ_SECONDS) -print_final_stats=1 -verbosity=0 \
	      -artifact_prefix=$(BUILD)/fuzz/$$name- $(BUILD)/fuzz/corpus/$$name \
	      $$(ls -d tests/corpus/$$name 2>/dev/null) || exit 1; done
fuzzers: $(FUZZERS)

# The trust verdict on a corpus in x509-limbo's format, beside mbedTLS's own. No corpus is kept here.
limbo:
	@[ -n '$(CORPUS)' ] || { echo "make limbo CORPUS=FILE, a limbo.json of x509-limbo"; exit 64; }
	@$(FAST) all $(BUILD)/tests/programs/mbedverify
	@python3 tests/limbo.py --beside $(BUILD)/tests/programs/mbedverify '$(CORPUS)' $(BUILD)/emailctl verify --batch

demo:
	@$(FAST) all test-programs-for-demo
	@BUILD='$(abspath $(BUILD))' sh tests/demo.sh
test-programs-for-demo: $(PROGRAMS)
examples: $(EXAMPLES)

# The clients take turns against one sink; BENCH_FLAGS=--quick for a first look.
bench:
	@$(FAST) $(BENCH) $(PROGRAMS)
	@python3 bench/run.py $(BUILD) $(BENCH_FLAGS) --out $(BUILD)/bench/results.md
	@python3 bench/receive.py $(BUILD) $(BENCH_FLAGS) --out $(BUILD)/bench/received.md
# The half of it that reads mailboxes.
bench-receive:
	@$(FAST) $(BENCH) $(PROGRAMS)
	@python3 bench/receive.py $(BUILD) $(BENCH_FLAGS) --out $(BUILD)/bench/received.md

# Mail taken durably, and sent from the queue; BENCH_FOLDER=... is where, and should be a disk.
bench-queue:
	@$(FAST) $(BENCH_QUEUE)
	@python3 bench/queued.py $(BUILD) $(BENCH_FLAGS) --out $(BUILD)/bench/queue.md

# Messages composed and read, in one run beside other libraries; no server.
bench-mime:
	@$(FAST) $(BENCH_MIME)
	@python3 bench/mime.py $(BUILD) $(BENCH_FLAGS) --out $(BUILD)/bench/mime.md

$(BUILD)/bench/client_%: PEER_LIBS =
$(BUILD)/bench/client_self:  PEER_LIBS = $(STATIC_LIBS)
$(BUILD)/bench/client_curl:  PEER_LIBS = -lcurl
$(BUILD)/bench/client_etpan: PEER_LIBS = -letpan
$(BUILD)/bench/client_esmtp: PEER_LIBS = -lesmtp
$(BUILD)/bench/client_%: bench/client_%.c bench/job.c $(BUILD)/libemailservice.a
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -Iinclude $< bench/job.c $(LDFLAGS) $(PEER_LIBS) -o $@
$(BUILD)/bench/receive_%: PEER_LIBS =
$(BUILD)/bench/receive_self:  PEER_LIBS = $(STATIC_LIBS)
$(BUILD)/bench/receive_curl:  PEER_LIBS = -lcurl
$(BUILD)/bench/receive_etpan: PEER_LIBS = -letpan
$(BUILD)/bench/receive_%: bench/receive_%.c bench/job.c $(BUILD)/libemailservice.a
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -Iinclude $< bench/job.c $(LDFLAGS) $(PEER_LIBS) -o $@
$(BUILD)/bench/queue_%: PEER_LIBS =
$(BUILD)/bench/queue_self:   PEER_LIBS = $(STATIC_LIBS)
$(BUILD)/bench/queue_sqlite: PEER_LIBS = -lsqlite3
$(BUILD)/bench/queue_%: bench/queue_%.c bench/job.c $(BUILD)/libemailservice.a
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -Iinclude $< bench/job.c $(LDFLAGS) $(PEER_LIBS) -o $@
$(BUILD)/bench/receive_floor: bench/receive_floor.c bench/job.c $(BUILD)/objects.a
	@mkdir -p $(@D)
	$(CC) $(LIB_CFLAGS) -D_DEFAULT_SOURCE $< bench/job.c $(LDFLAGS) $(BUILD)/objects.a $(LIBS) -o $@
$(BUILD)/bench/mime.o: bench/mime.c
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -c $< -o $@
# The peers' headers are theirs: no warnings of ours.
PEER_CFLAGS = $(CFLAGS) -std=c11 -D_POSIX_C_SOURCE=200809L
$(BUILD)/bench/mime_self: bench/mime_self.c $(BUILD)/bench/mime.o $(TEST_PARTS)
	$(CC) $(LIB_CFLAGS) $^ $(LDFLAGS) $(LIBS) -o $@
$(BUILD)/bench/mime_gmime: bench/mime_gmime.c $(BUILD)/bench/mime.o
	$(CC) $(PEER_CFLAGS) $$(pkg-config --cflags gmime-3.0) $^ $(LDFLAGS) $$(pkg-config --libs gmime-3.0) -o $@
$(BUILD)/bench/mime_etpan: bench/mime_etpan.c $(BUILD)/bench/mime.o
	$(CC) $(PEER_CFLAGS) $^ $(LDFLAGS) -letpan -o $@
$(BUILD)/bench/mime_vmime: bench/mime_vmime.cpp $(BUILD)/bench/mime.o
	$(CXX) $(CFLAGS) $^ $(LDFLAGS) -lvmime -o $@
$(BUILD)/bench/sink: bench/sink.c $(TEST_PARTS)
	@mkdir -p $(@D)
	$(CC) $(TEST_CFLAGS) $< $(LDFLAGS) $(TEST_PARTS) $(LIBS) -o $@
$(BUILD)/bench/count.so: bench/count.c
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -Wno-pedantic -shared $< -ldl -o $@
# A root and a server's certificate, for this machine's loopback.
$(BUILD)/bench/pki/server.pem:
	@mkdir -p $(@D)
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 3650 -subj '/CN=Bench root' \
	   -keyout $(@D)/root.key -out $(@D)/root.pem
	openssl req -x509 -CA $(@D)/root.pem -CAkey $(@D)/root.key -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
	   -days 365 -subj '/CN=localhost' -addext 'subjectAltName=DNS:localhost,IP:127.0.0.1' \
	   -extensions v3_req -addext 'extendedKeyUsage=serverAuth' -keyout $(@D)/server.key -out $@

# --- style and static analysis; not in `make check`: it needs some 500 MB of tools --------------
C_FILES = $(wildcard lib/*/*.[ch] include/emailservice/*.h tools/emailctl/*.[ch] tests/*/*.[ch] examples/*.c)
lint:
	@tests/lint.sh $(C_FILES)
format:
	clang-format -i $(C_FILES)

# --- installing ---------------------------------------------------------------------------------
CMAKEDIR = $(LIBDIR)/cmake/emailservice
# What a program needs beside a static libemailservice.
space   := $(eval) $(eval)
PRIVATE  = $(strip $(if $(MBEDTLS_ARCHIVES),,$(MBEDTLS_LIBS)) $(XML_LIBS) $(JANSSON_LIBS) -pthread)
# CMake wants a list, and its paths follow the folder that its package lies in.
FILL     = sed -e 's|@VERSION@|$(VERSION)|g' -e 's|@PREFIX@|$(PREFIX)|g' -e 's|@LIBDIR@|$(LIBDIR)|g' \
               -e 's|@INCLUDEDIR@|$(INCLUDEDIR)|g' -e 's|@PRIVATE@|$(PRIVATE)|g' \
               -e 's|@PRIVATE_LIST@|$(subst $(space),;,$(PRIVATE))|g' -e 's|@SOVERSION@|$(SOVERSION)|g' \
               -e "s|@INCLUDE_FROM_CMAKE@|$$(realpath -m --relative-to=$(CMAKEDIR) $(INCLUDEDIR))|"

# Where it goes is written into files as it stands: a whole path, without blanks.
ifneq ($(filter install uninstall,$(MAKECMDGOALS)),)
ifneq ($(words $(PREFIX)|$(DESTDIR)|),1)
$(error PREFIX and DESTDIR cannot hold a blank)
endif
ifeq ($(filter /%,$(PREFIX)),)
$(error PREFIX must be a whole path, not "$(PREFIX)")
endif
endif

install: all $(SCHEMA)
	install -d $(DESTDIR)$(LIBDIR)/pkgconfig $(DESTDIR)$(CMAKEDIR) $(DESTDIR)$(INCLUDEDIR)/emailservice
	install -m 644 $(HEADERS) $(DESTDIR)$(INCLUDEDIR)/emailservice
	install -m 644 $(BUILD)/libemailservice.a $(DESTDIR)$(LIBDIR)
	install -m 755 $(BUILD)/$(SHARED) $(DESTDIR)$(LIBDIR)
	ln -sf $(SHARED) $(DESTDIR)$(LIBDIR)/libemailservice.so.$(SOVERSION)
	ln -sf $(SHARED) $(DESTDIR)$(LIBDIR)/libemailservice.so
	$(FILL) pkgconfig/emailservice.pc.in > $(DESTDIR)$(LIBDIR)/pkgconfig/emailservice.pc
	$(FILL) pkgconfig/emailserviceConfig.cmake.in > $(DESTDIR)$(CMAKEDIR)/emailserviceConfig.cmake
	$(FILL) pkgconfig/emailserviceConfigVersion.cmake.in > $(DESTDIR)$(CMAKEDIR)/emailserviceConfigVersion.cmake
	chmod 644 $(DESTDIR)$(LIBDIR)/pkgconfig/emailservice.pc $(DESTDIR)$(CMAKEDIR)/*.cmake
ifneq ($(EMAILCTL),)
	install -d $(DESTDIR)$(BINDIR) $(DESTDIR)$(DATADIR)/emailservice
	install -m 755 $(EMAILCTL) $(DESTDIR)$(BINDIR)
	install -m 644 $(SCHEMA) $(DESTDIR)$(DATADIR)/emailservice
endif
	for page in $(MAN); do section=$${page##*.}; install -d $(DESTDIR)$(DATADIR)/man/man$$section && \
	   install -m 644 $$page $(DESTDIR)$(DATADIR)/man/man$$section || exit 1; done
	@[ -n "$(DESTDIR)" ] || ldconfig 2>/dev/null || :

uninstall:
	rm -f $(DESTDIR)$(BINDIR)/emailctl $(DESTDIR)$(LIBDIR)/libemailservice.a $(DESTDIR)$(LIBDIR)/libemailservice.so*
	rm -f $(DESTDIR)$(LIBDIR)/pkgconfig/emailservice.pc $(MAN:man/%=$(DESTDIR)$(DATADIR)/man/man*/%)
	rm -rf $(DESTDIR)$(INCLUDEDIR)/emailservice $(DESTDIR)$(DATADIR)/emailservice $(DESTDIR)$(CMAKEDIR)

# --- the rest -----------------------------------------------------------------------------------
# An mbedTLS brought in outlives `make clean`: it is no work of ours, and costs a download.
clean:
	@[ ! -d $(BUILD) ] || find $(BUILD) -mindepth 1 -maxdepth 1 ! -path '$(DEPS)' -exec rm -rf {} +
distclean:
	rm -rf $(BUILD) $(DEPS)

help:
	@echo "make              library and command line, in $(BUILD)/"
	@echo "make demo         build, and send and receive mail with a server started for it"
	@echo "make check        every test; one group: unit transcripts replay asan live hostile floors headers install-check"
	@echo "make unit/NAME    one unit test"
	@echo "make check-oauth  tokens from a real authorization server, which npm brings"
	@echo "make crash        the queue ended at every point in every way"
	@echo "make soak         the service under load, killed and restarted, for SOAK_SECONDS ($(SOAK_SECONDS)); SEED=N"
	@echo "make valgrind     the unit tests under valgrind; make tsan: under the thread sanitizer"
	@echo "make limbo        the trust verdict on an x509-limbo corpus, CORPUS=FILE"
	@echo "make fuzz         each fuzzer for FUZZ_SECONDS ($(FUZZ_SECONDS))"
	@echo "make lint         clang-format, clang-tidy, cppcheck"
	@echo "make bench        this library beside its peers"
	@echo "make bench-receive  the same for mailboxes that are read"
	@echo "make bench-queue  the same for mail that is queued"
	@echo "make check-courier  receiving from another make of server"
	@echo "make bench-mime   the same for messages composed and read"
	@echo "make install      under PREFIX ($(PREFIX)), DESTDIR before it; make uninstall"
	@echo "make clean        keeps what was brought in; make distclean does not"

.PHONY: all check crash soak demo limbo unit transcripts replay asan tsan valgrind live hostile oauth floors headers install-check fuzz fuzzers \
        lint format bench bench-mime bench-receive bench-queue examples install uninstall clean distclean help test-programs test-programs-for-demo economy FORCE \
        check-floors check-headers check-install-check check-crash check-unit check-transcripts check-replay check-asan check-live check-hostile check-courier \
        check-oauth
.DELETE_ON_ERROR:
.SECONDARY:

-include $(LIB_OBJ:.o=.d) $(TOOL_OBJ:.o=.d) $(SUPPORT_OBJ:.o=.d) $(EXAMPLES:=.d) $(PROGRAMS:=.d) $(UNIT:=.d) $(TRANSCRIPTS:=.d) \
         $(REPLAY:=.d) $(FUZZERS:=.d) $(BENCH_QUEUE:=.d)
