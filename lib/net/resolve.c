/* SPDX-License-Identifier: MIT */
#include "net/resolve.h"

#include <errno.h>
#include <netdb.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/error.h"

struct email__lookup {
	atomic_int refs;  /* who asked, and the thread */
	atomic_bool over; /* the thread wrote all below */
	int ours, theirs; /* a pair of sockets: the thread closes its end when it is over */
	int code, os;     /* of getaddrinfo */
	email__resolver_fn resolver;
	int port;
	email__addresses found;
	char host[EMAIL__HOST_MAX];
};

static int from_getaddrinfo(const char *host, int port, email__addresses *found);

static atomic_int running; /* threads that look up now */
static email__resolver_fn resolver = from_getaddrinfo;

void
email__resolve_set(email__resolver_fn fn)
{
	resolver = fn ? fn : from_getaddrinfo;
}

int
email__lookups_running(void)
{
	return atomic_load(&running);
}

/* --- asking the system --- */

static int
ask(const char *host, int port, int flags, email__addresses *found)
{
	struct addrinfo hints = {0}, *all, *a;
	char service[8];
	int rc;

	snprintf(service, sizeof service, "%d", port);
	hints.ai_socktype = SOCK_STREAM;
	hints.ai_flags = AI_NUMERICSERV | flags;
	if ((rc = getaddrinfo(host, service, &hints, &all)))
		return rc;
	found->count = 0;
	for (a = all; a && found->count < EMAIL__ADDRESSES_MAX; a = a->ai_next) {
		email__address *to = &found->list[found->count];

		if ((a->ai_family != AF_INET && a->ai_family != AF_INET6) || a->ai_addrlen > sizeof to->at)
			continue;
		memcpy(&to->at, a->ai_addr, a->ai_addrlen);
		to->len = a->ai_addrlen;
		found->count++;
	}
	freeaddrinfo(all);
	return found->count ? 0 : EAI_NONAME;
}

static int
from_getaddrinfo(const char *host, int port, email__addresses *found)
{
	return ask(host, port, 0, found);
}

bool
email__resolve_literal(const char *host, int port, email__addresses *found)
{
	return ask(host, port, AI_NUMERICHOST, found) == 0;
}

/* --- the thread --- */

static void
unref(email__lookup *l)
{
	if (atomic_fetch_sub(&l->refs, 1) == 1)
		email__free(l);
}

static void *
run(void *context)
{
	email__lookup *l = context;
	int theirs = l->theirs;

	l->code = l->resolver(l->host, l->port, &l->found);
	l->os = l->code == EAI_SYSTEM ? errno : 0;
	atomic_store(&l->over, true);
	unref(l);
	close(theirs);
	/* last: who sees none running knows that nothing of them is left */
	atomic_fetch_sub(&running, 1);
	return NULL;
}

/* Detached, and deaf to signals: those are for the application's threads. */
static int
start_thread(email__lookup *l)
{
	pthread_attr_t detached;
	sigset_t all, before;
	pthread_t thread;
	int rc;

	if ((rc = pthread_attr_init(&detached)))
		return rc;
	pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	rc = pthread_create(&thread, &detached, run, l);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&detached);
	return rc;
}

email__lookup *
email__lookup_start(const char *host, int port, email_error *e)
{
	email__lookup *l = NULL;
	int pair[2], os;

	if (atomic_fetch_add(&running, 1) >= EMAIL__LOOKUPS_MAX) {
		email__error_set(e, EMAIL_E_RESOLVE, EMAIL_STAGE_RESOLVE,
		                 "%s was not looked up: %d look-ups before it still wait for an answer", host,
		                 EMAIL__LOOKUPS_MAX);
		email__error_remedy(e, "check that the station's DNS servers answer");
		goto out;
	}
	l = email__new(email__lookup);
	if (!l) {
		email__error_memory(e, EMAIL_STAGE_RESOLVE);
		goto out;
	}
	atomic_init(&l->refs, 2);
	atomic_init(&l->over, false);
	l->resolver = resolver;
	l->port = port;
	snprintf(l->host, sizeof l->host, "%s", host);
	/* sockets, not a pipe: they are made close-on-exec in one step, and can be shut down */
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair)) {
		os = errno;
		goto failed;
	}
	l->ours = pair[0];
	l->theirs = pair[1];
	if ((os = start_thread(l)) == 0)
		return l;
	close(pair[0]);
	close(pair[1]);
failed:
	email__error_set(e, EMAIL_E_RESOLVE, EMAIL_STAGE_RESOLVE, "%s was not looked up: %s", host,
	                 os == EAGAIN ? "no thread is to be had" : email__socket_text(os));
	if (e)
		e->os = os;
out:
	atomic_fetch_sub(&running, 1);
	email__free(l);
	return NULL;
}

/* --- the result --- */

int
email__lookup_fd(const email__lookup *l)
{
	return l->ours;
}

bool
email__lookup_over(const email__lookup *l)
{
	return atomic_load(&l->over);
}

email_code
email__lookup_result(const email__lookup *l, email__addresses *found, email_error *e)
{
	if (l->code == 0) {
		*found = l->found;
		return EMAIL_OK;
	}
	if (l->code == EAI_MEMORY)
		return email__error_memory(e, EMAIL_STAGE_RESOLVE);
	if (l->code == EAI_NONAME) {
		email__error_set(e, EMAIL_E_RESOLVE, EMAIL_STAGE_RESOLVE, "there is no host %s", l->host);
		email__error_remedy(e, "check hostname, and the station's DNS servers");
		return EMAIL_E_RESOLVE;
	}
	email__error_set(e, EMAIL_E_RESOLVE, EMAIL_STAGE_RESOLVE, "%s could not be looked up: %s", l->host,
	                 l->code == EAI_AGAIN ? "the DNS server did not answer" : "the DNS server failed");
	email__error_remedy(e, "check the station's DNS servers");
	if (e && l->os)
		e->os = l->os;
	return EMAIL_E_RESOLVE;
}

void
email__lookup_free(email__lookup *l)
{
	if (l)
		unref(l);
}
