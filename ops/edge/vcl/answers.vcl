# Answers, as they leave towards readers. Nobody behind this point can be told of a change, so what they may keep is
# what Cache-Control says, from now on; tags and the CDN's lifetime are for the edge alone.

# Cache-Status (RFC 9211): the API's own member, then the edge's.
sub tell_cache_status {
	if (req.http.edge-fwd) {
		set req.http.edge-member = "edge; fwd=" + req.http.edge-fwd + "; fwd-status=" + resp.status;
	} else if (obj.hits == 0) {
		set req.http.edge-member = "edge; fwd=uri-miss; fwd-status=" + resp.http.edge-status;
		if (req.http.edge-stale == "held") {
			set req.http.edge-member = "edge; fwd=stale; fwd-status=" + resp.http.edge-status;
		}
		if (resp.http.edge-lifetime) {
			set req.http.edge-member = req.http.edge-member + "; stored";
		}
	} else if (std.real(resp.http.edge-stored, 0.0) - 0.001 > std.time2real(req.time, 0.0)) {
		# It was made after this request had come, which waited for it; a header has whole milliseconds, rounded.
		set req.http.edge-member = "edge; fwd=uri-miss; fwd-status=" + resp.http.edge-status + "; collapsed";
	} else {
		set req.http.edge-member = "edge; hit; ttl=" + regsub(obj.ttl, "\..*$", "");
		if (req.http.edge-stale == "shown") {
			set req.http.edge-member = req.http.edge-member + "; detail=stale";
		}
	}
	if (resp.http.Cache-Status) {
		set resp.http.Cache-Status = resp.http.Cache-Status + ", " + req.http.edge-member;
	} else {
		set resp.http.Cache-Status = req.http.edge-member;
	}
}

# The edge starts Age anew where it was purged on change and so knows the answer to be true now; a reader's lifetime
# begins here, and ends with the answer's. What is stale is for nobody to keep, and says how old it is.
sub give_browser_lifetime {
	if (req.http.edge-stale == "shown") {
		set resp.http.Cache-Control = "no-store";
		return;
	}
	if (req.http.edge-fwd || !resp.http.CDN-Cache-Control) {
		return;
	}
	set resp.http.Age = "0";
	if (resp.http.Catalog-Valid-Until !~ "^[0-9]{4,15}$" || resp.http.Cache-Control !~ "max-age=[0-9]{1,9}") {
		return;
	}
	# Whole seconds, rounded down.
	set req.http.edge-left = regsub(std.real(regsub(resp.http.Catalog-Valid-Until, "([0-9]{3})$", ".\1"), 0.0) -
	    std.time2real(now, 0.0), "\..*$", "");
	if (req.http.edge-left ~ "^-") {
		set req.http.edge-left = "0";
	}
	set req.http.edge-max-age = regsub(resp.http.Cache-Control, "^.*max-age=([0-9]+).*$", "\1");
	if (std.integer(req.http.edge-left, 0) <= std.integer(req.http.edge-max-age, 0)) {
		set resp.http.Cache-Control = "public, max-age=" + req.http.edge-left;
	} else if (resp.http.Cache-Control ~ "stale-while-revalidate=[0-9]{1,9}" &&
	    std.integer(req.http.edge-left, 0) < std.integer(req.http.edge-max-age, 0) +
	    std.integer(regsub(resp.http.Cache-Control, "^.*stale-while-revalidate=([0-9]+).*$", "\1"), 0)) {
		set resp.http.Cache-Control = "public, max-age=" + req.http.edge-max-age + ", stale-while-revalidate=" +
		    (std.integer(req.http.edge-left, 0) - std.integer(req.http.edge-max-age, 0));
	}
}

# A strong validator names bytes (RFC 9110, 8.8.1), and compressed ones are others: they get a name of their own, where
# Varnish would weaken the one of both. Behind this, Varnish compares one validator with one, so the one that matches is
# picked out of a list here. A date is compared with a date only, never with the moment at which something was stored.
sub compare_validators {
	if (resp.http.edge-etag) {
		set resp.http.ETag = resp.http.edge-etag;
		if (resp.http.Content-Encoding == "gzip" && req.http.Accept-Encoding == "gzip" && resp.http.ETag ~ {"^".*"$"}) {
			set resp.http.ETag = regsub(resp.http.ETag, {""$"}, {"-gzip""});
		}
	}
	if (req.http.If-None-Match == "*" ||
	    (resp.http.ETag && str.contains(req.http.If-None-Match, regsub(resp.http.ETag, "^W/", "")))) {
		set req.http.If-None-Match = resp.http.ETag;
	}
	if (!resp.http.Last-Modified) {
		unset req.http.If-Modified-Since;
	}
}

sub drop_notes {
	unset resp.http.CDN-Cache-Control;
	unset resp.http.Surrogate-Key;
	unset resp.http.Cache-Tag;
	unset resp.http.Set-Cookie;
	unset resp.http.X-Varnish;
	unset resp.http.xkey;
	unset resp.http.edge-control;
	unset resp.http.edge-denied;
	unset resp.http.edge-etag;
	unset resp.http.edge-left;
	unset resp.http.edge-lifetime;
	unset resp.http.edge-status;
	unset resp.http.edge-stored;
	unset resp.http.edge-swr;
	set resp.http.Via = "1.1 edge";
}

# What the edge says by itself, in the shape of the API's own answers.
sub answer_in_json {
	unset resp.http.X-Varnish;
	unset resp.http.Server;
	set resp.http.Cache-Control = "no-store";
	if (resp.status == 200) {
		set resp.http.Content-Type = "application/json";
		set resp.body = """{"purged":""" + req.http.edge-purged + "}";
		return;
	}
	set resp.http.Content-Type = "application/problem+json";
	if (resp.status == 403) {
		set resp.body = """{"type":"urn:shelfwire:problem:not-a-purger","title":"You may not purge","status":403,"detail":"purge from an address that EDGE_PURGERS allows"}""";
	} else if (resp.status == 405) {
		set resp.body = """{"type":"urn:shelfwire:problem:method-not-allowed","title":"This cannot be done here","status":405}""";
	} else if (resp.status == 414) {
		set resp.body = """{"type":"urn:shelfwire:problem:url-too-long","title":"The address is too long","status":414,"detail":"it may be 2048 bytes long"}""";
	} else {
		set resp.http.Retry-After = "1";
		set resp.body = """{"type":"urn:shelfwire:problem:unavailable","title":"What this answer needs cannot be reached just now","status":""" + resp.status + "}";
	}
}
