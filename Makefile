# libemailservice: read from top to bottom. `make demo` and `make check` install what is missing, build, run.

# --- knobs ---
CC      ?= cc
AR      ?= ar
BUILD   ?= build
CFLAGS  ?= -O2 -g
WERROR  ?=
MBEDTLS_PREFIX ?= $(wildcard build/deps/mbedtls)

# --- dependencies ---
MBEDTLS_CFLAGS := $(if $(MBEDTLS_PREFIX),-I$(MBEDTLS_PREFIX)/include)
MBEDTLS_LIBS   := $(if $(MBEDTLS_PREFIX),-L$(MBEDTLS_PREFIX)/lib) -lmbedtls -lmbedx509 -lmbedcrypto
XML_CFLAGS     := $(shell pkg-config --cflags libxml-2.0)
XML_LIBS       := $(shell pkg-config --libs libxml-2.0)

WARN := -std=c11 -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes \
        -Wvla -Wwrite-strings -Wswitch-enum -Wformat=2 -Wundef $(WERROR)
ALL_CFLAGS = $(WARN) $(CFLAGS) -D_POSIX_C_SOURCE=200809L -fPIC -fvisibility=hidden -ffunction-sections -pthread \
             -Iinclude -Ilib $(MBEDTLS_CFLAGS) $(XML_CFLAGS) -MMD -MP
LIBS = $(MBEDTLS_LIBS) $(XML_LIBS) -pthread

LIB_SRC := $(wildcard lib/*/*.c)
LIB_OBJ := $(LIB_SRC:%.c=$(BUILD)/%.o)
TESTS   := $(wildcard tests/unit/*_test.c)
TEST_BIN := $(TESTS:%.c=$(BUILD)/%)
SUPPORT_SRC := $(wildcard tests/support/*.c)
SUPPORT_OBJ := $(SUPPORT_SRC:%.c=$(BUILD)/%.o)

all: $(BUILD)/libemailservice.a

$(BUILD)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -c $< -o $@

$(BUILD)/libemailservice.a: $(LIB_OBJ)
	@rm -f $@
	$(AR) rcs $@ $^

# make unit; make unit/smtp for one
$(BUILD)/tests/unit/%_test: tests/unit/%_test.c $(SUPPORT_OBJ) $(BUILD)/libemailservice.a
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -Itests $< $(SUPPORT_OBJ) $(BUILD)/libemailservice.a $(LIBS) -lcmocka -o $@

unit: $(TEST_BIN)
	@for t in $(TEST_BIN); do echo "== $$t"; $$t || exit 1; done
unit/%: $(BUILD)/tests/unit/%_test
	$<

clean:
	rm -rf $(BUILD)

.PHONY: all unit clean
-include $(LIB_OBJ:.o=.d) $(TEST_BIN:=.d) $(SUPPORT_OBJ:.o=.d)
