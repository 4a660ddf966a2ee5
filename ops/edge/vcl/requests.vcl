# Requests: what is taken out of them, and which never meet the cache.

# The API's own limits (api/limits.ts): behind them is nothing to be had, and here each address would be read by many
# patterns first. Only a batch names many products.
sub refuse_long_addresses {
	if (str.count(req.url) > 2048 && (req.url !~ "^/api/products\?" || str.count(req.url) > 39524)) {
		return (synth(414));
	}
}

sub forget_notes {
	unset req.http.edge-denied;
	unset req.http.edge-fwd;
	unset req.http.edge-left;
	unset req.http.edge-max-age;
	unset req.http.edge-member;
	unset req.http.edge-purged;
	unset req.http.edge-query;
	unset req.http.edge-stale;
	unset req.http.edge-tag;
}

# Whatever is no part of the key must not reach the API with a request whose answer is kept for others: who could
# change that answer by a header would change it for everybody (cache poisoning). Headers that only name a hop are
# Varnish's own business, as are those that Connection names.
sub drop_unkeyed {
	# Nobody is known by a cookie here.
	unset req.http.Cookie;
	unset req.http.Cookie2;
	unset req.http.Forwarded;
	unset req.http.X-Forwarded-Host;
	unset req.http.X-Forwarded-Port;
	unset req.http.X-Forwarded-Prefix;
	unset req.http.X-Forwarded-Proto;
	unset req.http.X-Forwarded-Scheme;
	unset req.http.X-Forwarded-Server;
	unset req.http.X-Forwarded-Ssl;
	unset req.http.X-Forwarded-Uri;
	unset req.http.X-Host;
	unset req.http.X-HTTP-Host-Override;
	unset req.http.X-HTTP-Method;
	unset req.http.X-HTTP-Method-Override;
	unset req.http.X-Method-Override;
	unset req.http.X-Original-Host;
	unset req.http.X-Original-URL;
	unset req.http.X-Rewrite-URL;
	unset req.http.X-Real-IP;
	unset req.http.Proxy;
	# Not what the client says about itself.
	set req.http.X-Forwarded-For = client.ip;
}

# Each note says why, in the words of RFC 9211 (Cache-Status), "fwd".
sub pass_what_is_not_kept {
	if (req.method == "CONNECT" || req.method == "PRI") {
		return (synth(405));
	}
	if (req.method != "GET" && req.method != "HEAD") {
		set req.http.edge-fwd = "method";
		return (pass);
	}
	# A reading request with a body, which the API refuses: it is for the API to say so, and for nobody to keep.
	if (req.http.Transfer-Encoding || std.integer(req.http.Content-Length, 0) > 0 || req.http.Content-Encoding) {
		set req.http.edge-fwd = "request";
		return (pass);
	}
	# Answers for one caller, and each look of a known user is a view that the API must hear of.
	if (req.http.Authorization) {
		set req.http.edge-fwd = "bypass";
		return (pass);
	}
	# Positions and the log's leader are the API's to compare with; what is kept here may be older.
	if (req.http.Catalog-Min-Version || req.url ~ "[?&]consistency=") {
		set req.http.edge-fwd = "request";
		return (pass);
	}
	# What is never stored needs no place in the cache, not even for a note that it is never stored: anybody could
	# make millions of those. Streams of events have no end to wait for.
	if (req.url ~ "^/(healthz|readyz|metrics|ops)([/?]|$)" ||
	    req.url ~ "^/api/products(\?|$)" ||
	    req.url ~ "^/api/products/[^/?]+/(price|inventory|live)(\?|$)" ||
	    req.url ~ "^/api/products/[^/?]+\?(.*&)?as_of=" ||
	    req.url ~ "^/api/(me|checkout)([/?.;]|$)") {
		set req.http.edge-fwd = "bypass";
		return (pass);
	}
}
