/** Why a required test of the suite is not passed. A failed one that is not here is a defect, and fails the run. */

const noNumber =
  "The origin closes the connection, so the answer is the edge's own 503. The test tells an answer that comes from no cache by a number that only its origin writes, so nothing without one passes; nothing stale was shown, which is what it asks";
const cookies = "By decision: no cookie passes the edge, in either direction, so none is stored or updated";
const range =
  "Varnish refuses a 200 with `Content-Range`, which has no meaning there (RFC 9110, 14.4), and answers 503";

export const explanations: Readonly<Record<string, string>> = {
  "age-parse-prefix":
    "By decision: an `Age` that is no single number makes an answer stale. Its name asks for that, as the tests beside it do; what it checks is that the first of two numbers is believed",
  "stale-close-must-revalidate": noNumber,
  "stale-close-proxy-revalidate": noNumber,
  "stale-close-no-cache": noNumber,
  "stale-close-s-maxage=2": noNumber,
  "headers-store-Set-Cookie": cookies,
  "304-etag-update-response-Set-Cookie": cookies,
  "headers-store-Content-Range": range,
  "304-etag-update-response-Content-Range": range,
  "headers-store-Transfer-Encoding":
    "The origin sends a `Transfer-Encoding` that does not exist; Varnish cannot tell where such an answer ends, and answers 503 rather than guess",
  "304-etag-update-response-Content-MD5":
    "Varnish takes over all headers of a 304. For `ETag` the edge undoes that; `Content-MD5` is in HTTP no more (RFC 7231, appendix B), and the API has none",
};
