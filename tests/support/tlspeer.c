/* SPDX-License-Identifier: MIT */
#include "support/tlspeer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <mbedtls/net_sockets.h>
#include <mbedtls/psa_util.h>
#include <mbedtls/ssl.h>
#include <mbedtls/ssl_ticket.h>
#include <mbedtls/version.h>
#include <mbedtls/x509_crt.h>
#include <psa/crypto.h>

struct tlspeer {
	mbedtls_ssl_context ssl;
	mbedtls_ssl_config conf;
	mbedtls_x509_crt chain, client_root;
	mbedtls_ssl_ticket_context tickets;
	email__bio bio;
	int fd;
	char sni[256];
};

static int
bio_send(void *context, const unsigned char *p, size_t n)
{
	tlspeer *peer = context;
	long moved = peer->bio.send(peer->bio.context, p, n);

	return moved > 0                    ? (int)moved
	       : moved == EMAIL__BIO_FAILED ? MBEDTLS_ERR_NET_SEND_FAILED
	                                    : MBEDTLS_ERR_SSL_WANT_WRITE;
}

static int
bio_recv(void *context, unsigned char *p, size_t n)
{
	tlspeer *peer = context;
	long moved = peer->bio.recv(peer->bio.context, p, n);

	return moved >= 0                   ? (int)moved
	       : moved == EMAIL__BIO_FAILED ? MBEDTLS_ERR_NET_RECV_FAILED
	                                    : MBEDTLS_ERR_SSL_WANT_READ;
}

static long
fd_send(void *context, const unsigned char *p, size_t n)
{
	tlspeer *peer = context;
	ssize_t moved;

	do
		moved = send(peer->fd, p, n, MSG_NOSIGNAL);
	while (moved < 0 && errno == EINTR);
	return moved < 0 ? EMAIL__BIO_FAILED : (long)moved;
}

static long
fd_recv(void *context, unsigned char *p, size_t n)
{
	tlspeer *peer = context;
	ssize_t moved;

	do
		moved = recv(peer->fd, p, n, 0);
	while (moved < 0 && errno == EINTR);
	return moved < 0 ? EMAIL__BIO_FAILED : (long)moved;
}

static int
on_sni(void *context, mbedtls_ssl_context *ssl, const unsigned char *name, size_t n)
{
	tlspeer *peer = context;

	(void)ssl;
	if (n >= sizeof peer->sni)
		return -1;
	memcpy(peer->sni, name, n);
	peer->sni[n] = '\0';
	return 0;
}

static int
set_tickets(tlspeer *peer, int count, tlspeer *of)
{
	int rc = 0;

	if (of) {
		mbedtls_ssl_conf_session_tickets_cb(&peer->conf, mbedtls_ssl_ticket_write,
		                                    mbedtls_ssl_ticket_parse, &of->tickets);
		mbedtls_ssl_conf_new_session_tickets(&peer->conf, (uint16_t)count);
		return rc;
	}
#if MBEDTLS_VERSION_NUMBER < 0x04000000
	rc = mbedtls_ssl_ticket_setup(&peer->tickets, mbedtls_psa_get_random, MBEDTLS_PSA_RANDOM_STATE,
	                              MBEDTLS_CIPHER_AES_256_GCM, 3600);
#else
	rc = mbedtls_ssl_ticket_setup(&peer->tickets, PSA_ALG_GCM, PSA_KEY_TYPE_AES, 256, 3600);
#endif
	mbedtls_ssl_conf_session_tickets_cb(&peer->conf, mbedtls_ssl_ticket_write, mbedtls_ssl_ticket_parse,
	                                    &peer->tickets);
	mbedtls_ssl_conf_new_session_tickets(&peer->conf, (uint16_t)count);
	return rc;
}

static int
configure(tlspeer *peer, const tlspeer_config *c)
{
	size_t i;
	int rc;

	for (i = 0; i < c->chain_len; i++)
		if ((rc = mbedtls_x509_crt_parse_der(&peer->chain, c->chain[i].der, c->chain[i].len)))
			return rc;
	/* else mbedTLS shows no certificate that is not fit for a server */
	if (c->careless)
		peer->chain.MBEDTLS_PRIVATE(ext_types) = 0;
	if ((rc = mbedtls_ssl_config_defaults(&peer->conf, MBEDTLS_SSL_IS_SERVER,
	                                      MBEDTLS_SSL_TRANSPORT_STREAM, MBEDTLS_SSL_PRESET_DEFAULT)))
		return rc;
#if MBEDTLS_VERSION_NUMBER < 0x04000000
	mbedtls_ssl_conf_rng(&peer->conf, mbedtls_psa_get_random, MBEDTLS_PSA_RANDOM_STATE);
#endif
	if (c->min == 13)
		mbedtls_ssl_conf_min_tls_version(&peer->conf, MBEDTLS_SSL_VERSION_TLS1_3);
	if (c->max == 12)
		mbedtls_ssl_conf_max_tls_version(&peer->conf, MBEDTLS_SSL_VERSION_TLS1_2);
	if (c->suites)
		mbedtls_ssl_conf_ciphersuites(&peer->conf, c->suites);
	if (c->ask_client || c->need_client)
		mbedtls_ssl_conf_authmode(&peer->conf, c->need_client ? MBEDTLS_SSL_VERIFY_REQUIRED
		                                                      : MBEDTLS_SSL_VERIFY_OPTIONAL);
	if (c->client_root &&
	    (rc = mbedtls_x509_crt_parse_der(&peer->client_root, c->client_root->der, c->client_root->len)))
		return rc;
	mbedtls_ssl_conf_ca_chain(&peer->conf, &peer->client_root, NULL);
	mbedtls_ssl_conf_sni(&peer->conf, on_sni, peer);
	if (c->tickets && (rc = set_tickets(peer, c->tickets, c->tickets_of)))
		return rc;
	if ((rc = mbedtls_ssl_conf_own_cert(&peer->conf, &peer->chain, pki_key_context(c->key))))
		return rc;
	return mbedtls_ssl_setup(&peer->ssl, &peer->conf);
}

tlspeer *
tlspeer_new(const tlspeer_config *config, const email__bio *bio)
{
	tlspeer *peer = calloc(1, sizeof *peer);

	if (!peer)
		return NULL;
	psa_crypto_init();
	mbedtls_ssl_init(&peer->ssl);
	mbedtls_ssl_config_init(&peer->conf);
	mbedtls_x509_crt_init(&peer->chain);
	mbedtls_x509_crt_init(&peer->client_root);
	mbedtls_ssl_ticket_init(&peer->tickets);
	if (configure(peer, config)) {
		tlspeer_free(peer);
		return NULL;
	}
	if (bio)
		peer->bio = *bio;
	mbedtls_ssl_set_bio(&peer->ssl, peer, bio_send, bio_recv, NULL);
	return peer;
}

tlspeer *
tlspeer_new_fd(const tlspeer_config *config, int fd)
{
	tlspeer *peer = tlspeer_new(config, NULL);

	if (peer) {
		peer->fd = fd;
		peer->bio = (email__bio){fd_send, fd_recv, peer};
	}
	return peer;
}

void
tlspeer_free(tlspeer *peer)
{
	if (!peer)
		return;
	mbedtls_ssl_free(&peer->ssl);
	mbedtls_ssl_config_free(&peer->conf);
	mbedtls_x509_crt_free(&peer->chain);
	mbedtls_x509_crt_free(&peer->client_root);
	mbedtls_ssl_ticket_free(&peer->tickets);
	free(peer);
}

int
tlspeer_handshake(tlspeer *peer)
{
	return mbedtls_ssl_handshake(&peer->ssl);
}

int
tlspeer_read(tlspeer *peer, void *p, size_t n)
{
	return mbedtls_ssl_read(&peer->ssl, p, n);
}

int
tlspeer_write(tlspeer *peer, const void *p, size_t n)
{
	return mbedtls_ssl_write(&peer->ssl, p, n);
}

int
tlspeer_close_notify(tlspeer *peer)
{
	return mbedtls_ssl_close_notify(&peer->ssl);
}

bool
tlspeer_saw_client_certificate(const tlspeer *peer)
{
	return mbedtls_ssl_get_peer_cert(&peer->ssl) != NULL;
}

const char *
tlspeer_sni(const tlspeer *peer)
{
	return peer->sni;
}

bool
tlspeer_again(int rc)
{
	return rc == MBEDTLS_ERR_SSL_WANT_READ || rc == MBEDTLS_ERR_SSL_WANT_WRITE;
}

int
tlspeer_export(tlspeer *peer, unsigned char out[32])
{
#ifdef MBEDTLS_SSL_KEYING_MATERIAL_EXPORT
	return mbedtls_ssl_export_keying_material(&peer->ssl, out, 32, "EXPORTER-Channel-Binding", 24, NULL,
	                                          0, 0);
#else
	(void)peer;
	(void)out;
	return -1;
#endif
}
