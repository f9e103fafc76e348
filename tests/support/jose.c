/* SPDX-License-Identifier: MIT */
#include "support/jose.h"

#include <mbedtls/pk.h>
#include <mbedtls/psa_util.h>
#include <mbedtls/version.h>
#include <psa/crypto.h>
#include <string.h>

#if MBEDTLS_VERSION_NUMBER < 0x04000000
#define KEY_RNG , mbedtls_psa_get_random, MBEDTLS_PSA_RANDOM_STATE
#else
#define KEY_RNG
#endif

/* RFC 7515 A.2.1 */
const char jose_rsa[] = "-----BEGIN PRIVATE KEY-----\n"
			"MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQCh+BYK4uPJtGXO\n"
			"jS1lYmM2K5J9vinh8CR3/BYlzJChNuOL2TSXxbbqY913EeZ8dCn5VrD7io8ImtxL\n"
			"aYk8wTM/U+3QGbh3hCUv7JFP5IV3aVlL6kKA0ywPVb9ilE8TA5a8bpvfbr3SvaNn\n"
			"juygxmj3AbONv/s4yDQs4v5tJ/reSlpIdJed1LnPmt7Ex1sFhSwsD174pcF1A5L5\n"
			"ROjtZMEQxrZHYJqkeDrrnGya11UxMFBji4NmXG9veoKjlnAqH2QbgtPr8jkiGUkf\n"
			"toaHLFcW9Qr4NY2ai50Xw0Byj3+H2JoY2PyrZ62EWQwuz3WTOTY8BwNNb2BvniHg\n"
			"VFbK5emhAgMBAAECggEAEq5xpGnNCivDflJsRQBXHx1hdR1k6Ulwe2JZD50LpXyW\n"
			"PEAeP88vLNO97IjlA7/GQ5sLKMgvfTeXZx9SE+7YwVol2NXOoAJe46sui395IW/G\n"
			"O+pWJ1O0BkTGoVEn2bKVRUCgu+GjBVaYLU6f3l9kJfFNS3E0QbVdxzubSu3Mkqzj\n"
			"kn439X0M/V51gfpRLI9JYanrC4D4qAdGcopV/0ZHHzQlBjudU2QvXt4ehNYTCBr6\n"
			"XCLQUShb1juUO1ZdiYoFaFQT5Tw8bGUl/x/jTj3ccPDVZFD9pIuhLhBOneufuBiB\n"
			"4cS98l2SR/RQyGWSeWjnczT0QU91p1DhOVRuOopznQKBgQDgHMQQ60imZV1URk0K\n"
			"pLttoLhyt3SmqdEf/kgHePDdtzEafpAu+cS191R2JiuoF2yzWXnwFDcqGigp5BNr\n"
			"0AHQfD8/Lk8l1Mk09jxxCfui5nYooNyac8YFjm3vItzVCVDnEd3BbVWG8qf6deqE\n"
			"lMGAg+C2V0L4oNXnP7LZcPAZRwKBgQC5A8R+CZW2MvRTLLHzwZkUXV866cff7tx6\n"
			"kqa0finGG0KgeqlaZPxgCZnFp7AeAcCMtiynVlJ7vMVgePsLq6XtON4tB5kP9jAP\n"
			"rq3rbAOal78eUH5OcED6eNuCV8ixEu1eWcPNCS/l1OW1EnXUEoEHKl54Xrrz2uNw\n"
			"kgMTP1FZ1wKBgAcCn1dwJKufzBWQxWQp1vsM5fggqPN1qGb5y0MAk3g7/Ls5bkUp\n"
			"5u9SN0Ai3Ya6hNnvWJMb7sXQX6U/zyO2M/hTip7tUeh7CXgwo59dkpN75gJLVds2\n"
			"9+DAncu3KXU4f2Fa+7bLNrur53k8KwPOq2bbuTG69QtV7Jr5MR0AHWKNAoGBAIf/\n"
			"evpitUf+4JYbLpvNXWcY052Mpz22aR84mY3nh3F2LF2mjMJDpTg7FmuyPcVw6EcG\n"
			"yoAe9fa65iNqCq+jdw6PVNGo2hxfjSiZ8IIzHdsPXI89//pMjZcQK9r+CCoRjaZj\n"
			"OYiIDktVWZzmevJuv6WywUqd57LE3Zar3dLSIkx1AoGAIYd7DHOhrWvxkwPQsRM2\n"
			"tOgrjbcrfvtQJipd+DlcxyVuuM9sQLdgjVk2oy26F0EmpScGLq2MowX7fhd/QJQ3\n"
			"ydy5cY7YIBi87w93IKLEdfnbJtoOPLUW0ITrJReOgo1cq9SbsxYawBgfp/gh6A56\n"
			"03k2+ZQwVK0JKSHuLFkuQ3U=\n"
			"-----END PRIVATE KEY-----\n";

/* RFC 7515 A.3.1 */
const char jose_ec[] = "-----BEGIN PRIVATE KEY-----\n"
		       "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgjpsQnnGQmL+YBIff\n"
		       "H1136cspYG6+0iY7X1fCE9+E9LKhRANCAAR/zc4ncPbEXUGDy+5v20t7WAczNXvp\n"
		       "7xO6z248e9FURcfxRM0bvZt+hyzf7bnuufSzaV1uqQskrYpGIyiFiOWt\n"
		       "-----END PRIVATE KEY-----\n";

/* The same, encrypted with "open sesame": PKCS #8, PBES2 */
const char jose_ec_encrypted[] = "-----BEGIN ENCRYPTED PRIVATE KEY-----\n"
				 "MIH0MF8GCSqGSIb3DQEFDTBSMDEGCSqGSIb3DQEFDDAkBBAtmTJ43KUyDrI4y4Z3\n"
				 "HkvPAgIIADAMBggqhkiG9w0CCQUAMB0GCWCGSAFlAwQBKgQQ9Q4jZtkNKTQKOZL/\n"
				 "pzNJgASBkE5LuLf0WNUezFvEb/ZkpFkKEXovbKH8/8jTZQd0AEk0e0Ikzs8KV5qy\n"
				 "ByiJ4KmyjjSaCxDFVtOZ6jwoaheim82gvhhK3DGoi7XNraOK+346pHpTrRVcQsOe\n"
				 "9iRX+GqWBJfjJWWY1ZB3usp+we3ZeOGON/+MVyKVsfxKNBlA3492RPbj/WgaPLmj\n"
				 "5+6/PjULKg==\n"
				 "-----END ENCRYPTED PRIVATE KEY-----\n";

/* and as OpenSSL did before */
const char jose_ec_old[] = "-----BEGIN EC PRIVATE KEY-----\n"
			   "Proc-Type: 4,ENCRYPTED\n"
			   "DEK-Info: AES-128-CBC,B9B68B34DE15FC257ABCA2FDDF57A2AE\n"
			   "\n"
			   "/bMB47NZg+N/cG68FCQj0DCzhjAL3NlofA5BCAp7JaBbytmNVMFPbYk5BmYkCJLW\n"
			   "1sO1m4wuK9NpmmFIWTuK8tG9K0dTn2gqgWqy+AHkbxD5vdYiO9sIP53WkFe0qB3m\n"
			   "bvjcgR3dAztvgE2yt9GLAAltYSKHGGKDi4lQDSXlh3o=\n"
			   "-----END EC PRIVATE KEY-----\n";

/* A certificate for it */
const char jose_ec_certificate[] = "-----BEGIN CERTIFICATE-----\n"
				   "MIIBeDCCAR+gAwIBAgIUVuThQZfH7dZDH6Y8LUbLe63V2EowCgYIKoZIzj0EAwIw\n"
				   "EjEQMA4GA1UEAwwHc3RhdGlvbjAeFw0yNjExMjQxMzIxNDNaFw00NjExMTkxMzIx\n"
				   "NDNaMBIxEDAOBgNVBAMMB3N0YXRpb24wWTATBgcqhkjOPQIBBggqhkjOPQMBBwNC\n"
				   "AAR/zc4ncPbEXUGDy+5v20t7WAczNXvp7xO6z248e9FURcfxRM0bvZt+hyzf7bnu\n"
				   "ufSzaV1uqQskrYpGIyiFiOWto1MwUTAdBgNVHQ4EFgQUzo0Wsckzjrf+OXmZrkW+\n"
				   "7j+1hoYwHwYDVR0jBBgwFoAUzo0Wsckzjrf+OXmZrkW+7j+1hoYwDwYDVR0TAQH/\n"
				   "BAUwAwEB/zAKBggqhkjOPQQDAgNHADBEAiArul6ZiYOYLbyGpUYHdDZ8KepC5h9x\n"
				   "G53/8soRE3WC3gIgPy5RiCN1l/57L+8TJ99/gE2WMYVEAV7vsSqh2HYdYvk=\n"
				   "-----END CERTIFICATE-----\n";

/* Too short */
const char jose_rsa_1024[] = "-----BEGIN PRIVATE KEY-----\n"
			     "MIICdwIBADANBgkqhkiG9w0BAQEFAASCAmEwggJdAgEAAoGBAOOP4zdFGI1Iy5/P\n"
			     "brNjwmEyDYE2Le/7y7LB2BJ5AQ9cu0rwIkf2sd11qq1TNrMCzGQaakmoN6bmZsOK\n"
			     "0aaQ4bxHhKLujmShf3F/+d9kkonIx1HGChxOJ+Arwny+CEtZDal/l1LtbZ7Azo9T\n"
			     "WQUAosHEnWkWNGTkD8mCo0NqlOvjAgMBAAECgYAQhyrhoMsft+HSQaawsNY1aQVC\n"
			     "FUVQ4ODyotGmxdMl4n5X+wkCYRCaHSnAXQLkDZf6zVBa+TTRknp0SWjgyDUc7KEi\n"
			     "Nj3/4izsha6KyfZ4OYKSnTnILBBZraxzdWQWfz/E3yCaiHhqKZroNJqkdZwzH9Y7\n"
			     "tef2d/EA/wMuEbYWwQJBAPi7zaotfn6CGGD5EPsowvh64kbWdT+8iJRYDRGj6say\n"
			     "pLw8Qoz+eBURZavmCOJJ9EEt8q08BSruVMUdNzgcpZ0CQQDqNb/JvstznlUb05rB\n"
			     "He9CKjlLw+1No2V3P1mhqQIqwg633+wtgYKi3HlG62XybPwxnU8I05E1EljF53EL\n"
			     "F99/AkEAqOFSbZZACYMpLEZPikgNwQomMnSP3TuT/CygivahhFFs2kWL5hEs1Rkf\n"
			     "0Av6wjH2Pn8FAyv6UkDJm6APivCgXQJBAJJ+TBfEXz1SK6ncEU/5iU25W10oj6Wg\n"
			     "LjcISOf07oYQG2SnivJrr2puvOy/EGUyBgyCeIzsyEaJ0zz2Jp7pr8ECQFQ2iith\n"
			     "Ipcyazeoa6MjRVnDADV/dyO9NEw+Ao5GphRYVWodZgFL2j+zNaka3VaF5LR2ilTF\n"
			     "FeF49QmYfXcsmes=\n"
			     "-----END PRIVATE KEY-----\n";

/* Another curve */
const char jose_ec_384[] = "-----BEGIN PRIVATE KEY-----\n"
			   "MIG2AgEAMBAGByqGSM49AgEGBSuBBAAiBIGeMIGbAgEBBDBzAczPZ01IDPMqf9Eq\n"
			   "DgpRq0p73Esjw9ng0cocOfdysoymr5gSXG4MjsKRhAsxdxShZANiAAQqZUULJBC1\n"
			   "qL7hcXLbVJnij3qee78XuN/+W1FmxhvzNZ2oRtndCV76yIM7BuwFRpKehx2MwNH1\n"
			   "9VE+CJUEvnrK5+BP+G+cnJbUNqqE+3CbaTzLJRsW89RMSSveGF7KnJE=\n"
			   "-----END PRIVATE KEY-----\n";

bool
jose_verifies(const char *key, email__signature algorithm, const void *bytes, size_t n, const void *signature,
              size_t signature_n)
{
	static const psa_algorithm_t of[] = {
		[EMAIL__RS256] = PSA_ALG_RSA_PKCS1V15_SIGN(PSA_ALG_SHA_256),
		[EMAIL__PS256] = PSA_ALG_RSA_PSS(PSA_ALG_SHA_256),
		[EMAIL__ES256] = PSA_ALG_ECDSA(PSA_ALG_SHA_256),
	};
	psa_key_attributes_t attributes = PSA_KEY_ATTRIBUTES_INIT;
	mbedtls_pk_context pk;
	psa_key_id_t id = 0;
	bool good = false;

	mbedtls_pk_init(&pk);
	if (psa_crypto_init() == PSA_SUCCESS &&
	    mbedtls_pk_parse_key(&pk, (const unsigned char *)key, strlen(key) + 1, NULL, 0 KEY_RNG) == 0 &&
	    mbedtls_pk_get_psa_attributes(&pk, PSA_KEY_USAGE_VERIFY_MESSAGE, &attributes) == 0) {
		psa_set_key_algorithm(&attributes, of[algorithm]);
		good = mbedtls_pk_import_into_psa(&pk, &attributes, &id) == 0 &&
		       psa_verify_message(id, of[algorithm], bytes, n, signature, signature_n) == PSA_SUCCESS;
	}
	psa_destroy_key(id);
	mbedtls_pk_free(&pk);
	return good;
}

size_t
jose_decode(const char *text, size_t n, unsigned char *out)
{
	size_t i, bits = 0, count = 0, held = 0;

	for (i = 0; i < n; i++) {
		static const char alphabet[] =
			"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
		const char *at = text[i] ? strchr(alphabet, text[i]) : NULL;

		if (!at)
			return 0;
		held = (held << 6 | (size_t)(at - alphabet)) & 0xFFFF;
		bits += 6;
		if (bits >= 8) {
			bits -= 8;
			out[count++] = (unsigned char)(held >> bits);
		}
	}
	return count;
}
