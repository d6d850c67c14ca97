package cf

// The schema of a distribution's configuration, after the API model
// (cloudfront 2020-05-31, shapes DistributionConfig and below). The order of
// members is the model's, and so are required members, value sets and
// patterns. echoed members are those that real replies carry although the
// client left them out (LIKELY: seen in the output of clients, not promised).

const none = "<Quantity>0</Quantity>"

func distributionConfigShape() *shape {
	return structure(
		required("CallerReference", text()),
		echoed("Aliases", quantity("CNAME", text()), none),
		echoed("DefaultRootObject", text(), ""),
		required("Origins", atLeast(1, "Origin", originShape())),
		echoed("OriginGroups", quantity("OriginGroup", originGroupShape()), none),
		required("DefaultCacheBehavior", structure(behaviorMembers()...)),
		echoed("CacheBehaviors", quantity("CacheBehavior",
			structure(append([]member{required("PathPattern", text())}, behaviorMembers()...)...)), none),
		echoed("CustomErrorResponses", quantity("CustomErrorResponse", structure(
			required("ErrorCode", integer()),
			optional("ResponsePagePath", text()),
			optional("ResponseCode", text()),
			optional("ErrorCachingMinTTL", integer()),
		)), none),
		required("Comment", text()),
		echoed("Logging", structure(
			optional("Enabled", boolean()), optional("IncludeCookies", boolean()),
			optional("Bucket", text()), optional("Prefix", text()),
		), "<Enabled>false</Enabled><IncludeCookies>false</IncludeCookies><Bucket></Bucket><Prefix></Prefix>"),
		echoed("PriceClass", oneOf("PriceClass_100", "PriceClass_200", "PriceClass_All", "None"), "PriceClass_All"),
		required("Enabled", boolean()),
		echoed("ViewerCertificate", viewerCertificateShape(),
			"<CloudFrontDefaultCertificate>true</CloudFrontDefaultCertificate><SSLSupportMethod>vip</SSLSupportMethod>"+
				"<MinimumProtocolVersion>TLSv1</MinimumProtocolVersion><CertificateSource>cloudfront</CertificateSource>"),
		echoed("Restrictions", structure(required("GeoRestriction", structure(
			required("RestrictionType", oneOf("blacklist", "whitelist", "none")),
			required("Quantity", integer()), optional("Items", list("Location", text())),
		))), "<GeoRestriction><RestrictionType>none</RestrictionType>"+none+"</GeoRestriction>"),
		echoed("WebACLId", text(), ""),
		echoed("HttpVersion", oneOf("http1.1", "http2", "http3", "http2and3"), "http2"),
		echoed("IsIPV6Enabled", boolean(), "false"),
		echoed("ContinuousDeploymentPolicyId", text(), ""),
		echoed("Staging", boolean(), "false"),
		optional("AnycastIpListId", text()),
		optional("TenantConfig", tenantConfigShape()),
		optional("ConnectionMode", oneOf("direct", "tenant-only")),
		optional("ViewerMtlsConfig", structure(
			optional("Mode", oneOf("required", "optional", "passthrough")),
			optional("TrustStoreConfig", structure(
				required("TrustStoreId", text()),
				optional("AdvertiseTrustStoreCaNames", boolean()),
				optional("IgnoreCertificateExpiry", boolean()),
			)),
		)),
		optional("ConnectionFunctionAssociation", structure(required("Id", sized(text(), 1, 64)))),
		optional("CacheTagConfig", structure(required("HeaderName", text()))),
	)
}

func originShape() *shape {
	return structure(
		required("Id", text()),
		required("DomainName", text()),
		echoed("OriginPath", text(), ""),
		echoed("CustomHeaders", quantity("OriginCustomHeader", structure(
			required("HeaderName", text()), required("HeaderValue", text()))), none),
		optional("S3OriginConfig", structure(
			required("OriginAccessIdentity", text()), optional("OriginReadTimeout", integer()))),
		optional("CustomOriginConfig", structure(
			required("HTTPPort", integer()),
			required("HTTPSPort", integer()),
			required("OriginProtocolPolicy", oneOf("http-only", "match-viewer", "https-only")),
			optional("OriginSslProtocols", atLeast(0, "SslProtocol", oneOf("SSLv3", "TLSv1", "TLSv1.1", "TLSv1.2"))),
			echoed("OriginReadTimeout", integer(), "30"),
			echoed("OriginKeepaliveTimeout", integer(), "5"),
			optional("IpAddressType", oneOf("ipv4", "ipv6", "dualstack")),
			optional("OriginMtlsConfig", structure(required("ClientCertificateArn", text()))),
		)),
		optional("VpcOriginConfig", structure(
			required("VpcOriginId", text()),
			optional("OwnerAccountId", text()),
			optional("OriginReadTimeout", integer()),
			optional("OriginKeepaliveTimeout", integer()),
		)),
		echoed("ConnectionAttempts", integer(), "3"),
		echoed("ConnectionTimeout", integer(), "10"),
		optional("ResponseCompletionTimeout", integer()),
		echoed("OriginShield", structure(
			required("Enabled", boolean()),
			optional("OriginShieldRegion", matching(`[a-z]{2}-[a-z]+-\d`, 1, 32))), "<Enabled>false</Enabled>"),
		echoed("OriginAccessControlId", text(), ""),
	)
}

func originGroupShape() *shape {
	return structure(
		required("Id", text()),
		required("FailoverCriteria", structure(
			required("StatusCodes", atLeast(1, "StatusCode", integer())))),
		required("Members", atLeast(2, "OriginGroupMember", structure(required("OriginId", text())))),
		optional("SelectionCriteria", oneOf("default", "media-quality-based")),
	)
}

// behaviorMembers are the members that the default behaviour and the others
// have in common.
func behaviorMembers() []member {
	method := oneOf("GET", "HEAD", "POST", "PUT", "PATCH", "OPTIONS", "DELETE")
	const headAndGet = "<Quantity>2</Quantity><Items><Method>HEAD</Method><Method>GET</Method></Items>"
	signers := func(itemName string) *shape {
		return structure(required("Enabled", boolean()), required("Quantity", integer()),
			optional("Items", list(itemName, text())))
	}
	return []member{
		required("TargetOriginId", text()),
		echoed("TrustedSigners", signers("AwsAccountNumber"), "<Enabled>false</Enabled>"+none),
		echoed("TrustedKeyGroups", signers("KeyGroup"), "<Enabled>false</Enabled>"+none),
		required("ViewerProtocolPolicy", oneOf("allow-all", "https-only", "redirect-to-https")),
		echoed("AllowedMethods", atLeast(0, "Method", method, optional("CachedMethods", atLeast(0, "Method", method))),
			headAndGet+"<CachedMethods>"+headAndGet+"</CachedMethods>"),
		echoed("SmoothStreaming", boolean(), "false"),
		echoed("Compress", boolean(), "false"),
		echoed("LambdaFunctionAssociations", quantity("LambdaFunctionAssociation", structure(
			required("LambdaFunctionARN", text()),
			required("EventType", oneOf("viewer-request", "viewer-response", "origin-request", "origin-response")),
			echoed("IncludeBody", boolean(), "false"),
		)), none),
		echoed("FunctionAssociations", quantity("FunctionAssociation", structure(
			required("FunctionARN", matching(`arn:aws:cloudfront::[0-9]{12}:function\/[a-zA-Z0-9-_]{1,64}`, 0, 108)),
			// The model lists four values; real replies allow these two.
			required("EventType", oneOf("viewer-request", "viewer-response")),
		)), none),
		echoed("FieldLevelEncryptionId", text(), ""),
		optional("RealtimeLogConfigArn", text()),
		optional("CachePolicyId", text()),
		optional("OriginRequestPolicyId", text()),
		optional("ResponseHeadersPolicyId", text()),
		echoed("GrpcConfig", structure(required("Enabled", boolean())), "<Enabled>false</Enabled>"),
		optional("ForwardedValues", forwardedValuesShape()),
		optional("MinTTL", integer()),
		optional("DefaultTTL", integer()),
		optional("MaxTTL", integer()),
	}
}

func forwardedValuesShape() *shape {
	return structure(
		required("QueryString", boolean()),
		required("Cookies", structure(
			required("Forward", oneOf("none", "whitelist", "all")),
			optional("WhitelistedNames", quantity("Name", text())),
		)),
		echoed("Headers", quantity("Name", text()), none),
		echoed("QueryStringCacheKeys", quantity("Name", text()), none),
	)
}

func viewerCertificateShape() *shape {
	return structure(
		optional("CloudFrontDefaultCertificate", boolean()),
		optional("IAMCertificateId", sized(text(), 0, 32)),
		optional("ACMCertificateArn", text()),
		optional("SSLSupportMethod", oneOf("sni-only", "vip", "static-ip")),
		optional("MinimumProtocolVersion", oneOf("SSLv3", "TLSv1", "TLSv1_2016", "TLSv1.1_2016", "TLSv1.2_2018",
			"TLSv1.2_2019", "TLSv1.2_2021", "TLSv1.3_2025", "TLSv1.2_2025")),
		optional("Certificate", text()),
		optional("CertificateSource", oneOf("cloudfront", "iam", "acm")),
	)
}

func tenantConfigShape() *shape {
	return structure(optional("ParameterDefinitions", list("member", structure(
		required("Name", matching(`[a-zA-Z0-9-_]+`, 1, 128)),
		required("Definition", structure(optional("StringSchema", structure(
			optional("Comment", text()),
			optional("DefaultValue", sized(text(), 1, 256)),
			required("Required", boolean()),
		)))),
	))))
}

// tagsShape is the model's Tags.
func tagsShape() *shape {
	return structure(optional("Items", list("Tag", structure(
		required("Key", matching(tagCharacters, 1, 128)),
		optional("Value", matching(tagCharacters, 0, 256)),
	))))
}

// tagKeysShape is the model's TagKeys.
func tagKeysShape() *shape {
	return structure(optional("Items", list("Key", matching(tagCharacters, 1, 128))))
}

const tagCharacters = `([\p{L}\p{Z}\p{N}_.:/=+\-@]*)`
