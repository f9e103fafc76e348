// SPDX-License-Identifier: MIT
// VMime. It leaves message/rfc822 closed: such a part is a leaf to it.
#include <vmime/vmime.hpp>
#include <vmime/platforms/posix/posixHandler.hpp>

#include "mime.h"

class nowhere : public vmime::utility::outputStream {
      public:
	explicit nowhere(bench_found *f) : found(f)
	{
	}
	void flush() override
	{
	}

      protected:
	void writeImpl(const vmime::byte_t *, const size_t size) override
	{
		found->bytes += size;
	}

      private:
	bench_found *found;
};

int
bench_mime_start(bench_mime work)
{
	vmime::platform::setHandler<vmime::platforms::posix::posixHandler>();
	return work == BENCH_EVENTS;
}

static void
walk(bench_mime work, const vmime::shared_ptr<const vmime::body> &body, bench_found *found)
{
	if (body->getPartCount()) {
		for (const auto &part : body->getPartList())
			walk(work, part->getBody(), found);
		return;
	}
	found->leaves++;
	if (work == BENCH_DECODE) {
		nowhere out(found);
		body->getContents()->extract(out);
	}
}

void
bench_mime_read(bench_mime work, const char *bytes, size_t size, bench_found *found)
{
	auto message = vmime::make_shared<vmime::message>();

	message->parse(vmime::string(bytes, size));
	walk(work, message->getBody(), found);
}

void
bench_mime_compose(bench_mime work, const char *data, size_t size, bench_found *found)
{
	static const auto content =
		vmime::make_shared<vmime::stringContentHandler>(vmime::string(data, size));
	vmime::messageBuilder builder;
	nowhere out(found);

	builder.setExpeditor(
		vmime::mailbox(vmime::text("Plant room"), vmime::emailAddress("plant@example.com")));
	vmime::addressList to;
	to.appendAddress(vmime::make_shared<vmime::mailbox>("duty@example.com"));
	builder.setRecipients(to);
	builder.setSubject(vmime::text("Boiler 2: flame failure"));
	if (work == BENCH_TEXT) {
		builder.getTextPart()->setCharset(vmime::charset("utf-8"));
		builder.getTextPart()->setText(content);
	} else {
		builder.attach(vmime::make_shared<vmime::defaultAttachment>(
			content, vmime::encoding("base64"), vmime::mediaType("application/octet-stream"),
			vmime::text(), vmime::word("data.bin")));
	}
	builder.construct()->generate(out);
}
