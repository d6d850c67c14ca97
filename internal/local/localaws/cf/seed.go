package cf

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/edgedeploy/edgedeploy/internal/local/localaws/kv"
)

// SeedDistribution is a distribution that someone wants to find in place.
type SeedDistribution struct {
	ID      string
	Aliases []string
	// PathPatterns are the behaviours besides the default one, as spelled.
	PathPatterns []string
}

// seedOrigin stands in the configuration of a seeded distribution, whose
// origin is served by something else than a host on the net.
const seedOrigin = "origin.invalid"

// seedCachePolicy is the managed policy CachingOptimized (Developer Guide,
// "Use managed cache policies").
const seedCachePolicy = "658327ea-f89d-4fab-a63d-7e88639e58f6"

var distributionID = regexp.MustCompile(`^[A-Za-z0-9]{1,64}$`)

// Seed creates a distribution with the given id, Deployed at once, unless the
// account has it already; then it appends behaviours for the patterns that no
// behaviour has (modulo one leading slash) and keeps everything else as it is.
// Nothing is written if nothing is missing.
func (s *Service) Seed(account string, d SeedDistribution) error {
	if !distributionID.MatchString(d.ID) {
		return fmt.Errorf("seed distribution %q: the id must be letters and digits", d.ID)
	}
	if slices.Contains(d.PathPatterns, "") {
		return fmt.Errorf("seed distribution %s: a path pattern is empty", d.ID)
	}
	c := &call{account: account, now: s.Now(account).UTC()}
	err := s.Store.Update(func(tx kv.Tx) error {
		if tx.Get(tableDistributions, distributionKey(account, d.ID)) == nil {
			return s.seedNew(tx, c, d)
		}
		return s.seedMissing(tx, c, d)
	})
	if err != nil {
		return fmt.Errorf("seed distribution %s: %w", d.ID, err)
	}
	return nil
}

func (s *Service) seedNew(tx kv.Tx, c *call, d SeedDistribution) error {
	var aliases, behaviors []string
	for _, alias := range d.Aliases {
		aliases = append(aliases, "<CNAME>"+escape(alias)+"</CNAME>")
	}
	for _, pattern := range missing(d.PathPatterns, nil) {
		behaviors = append(behaviors, seedBehavior(pattern, "origin"))
	}
	doc, err := parseDocument([]byte(`<DistributionConfig xmlns="` + namespace + `">` +
		"<CallerReference>seed-" + d.ID + "</CallerReference>" + listOf("Aliases", aliases) +
		listOf("Origins", []string{"<Origin><Id>origin</Id><DomainName>" + seedOrigin + "</DomainName>" +
			"<CustomOriginConfig><HTTPPort>80</HTTPPort><HTTPSPort>443</HTTPSPort>" +
			"<OriginProtocolPolicy>http-only</OriginProtocolPolicy></CustomOriginConfig></Origin>"}) +
		seedBehavior("", "origin") +
		listOf("CacheBehaviors", behaviors) +
		"<Comment></Comment><Enabled>true</Enabled>" + seedCertificate(c.account, d.Aliases) + "</DistributionConfig>"))
	if err != nil {
		return err
	}
	if err := s.checkConfig(tx, c.account, "", doc.root); err != nil {
		return err
	}
	rec := record{ID: d.ID, ETag: "E" + s.NewID(), Modified: c.now, DeployAt: c.now}
	_, _, err = s.save(tx, c, rec, doc.complete(s.config))
	return err
}

// seedCertificate is what aliases need; no certificate stands behind it.
func seedCertificate(account string, aliases []string) string {
	if len(aliases) == 0 {
		return ""
	}
	return "<ViewerCertificate><ACMCertificateArn>arn:aws:acm:us-east-1:" + account + ":certificate/00000000-0000-0000-0000-000000000000</ACMCertificateArn>" +
		"<SSLSupportMethod>sni-only</SSLSupportMethod><MinimumProtocolVersion>TLSv1.2_2021</MinimumProtocolVersion></ViewerCertificate>"
}

func (s *Service) seedMissing(tx kv.Tx, c *call, d SeedDistribution) error {
	rec, doc, err := load(tx, c.account, d.ID)
	if err != nil {
		return err
	}
	patterns := missing(d.PathPatterns, behaviorsOf(doc.root))
	if len(patterns) == 0 {
		return nil
	}
	extended, err := doc.addBehaviors(s.config, patterns)
	if err != nil {
		return err
	}
	added, err := parseDocument(extended)
	if err != nil {
		return err
	}
	if err := checkBehaviors(added.root); err != nil {
		return err
	}
	rec.ETag, rec.Modified = "E"+s.NewID(), c.now
	_, _, err = s.save(tx, c, rec, added.src)
	return err
}

// missing lists the patterns that no behaviour has, each once.
func missing(wanted []string, present []behavior) []string {
	known := map[string]bool{}
	for _, b := range present {
		if b.node.local == "CacheBehavior" {
			known[bare(b.pattern)] = true
		}
	}
	var patterns []string
	for _, pattern := range wanted {
		if !known[bare(pattern)] {
			known[bare(pattern)] = true
			patterns = append(patterns, pattern)
		}
	}
	return patterns
}

// addBehaviors appends behaviours that go where the default one goes, and
// leaves every other byte of the document alone.
func (d *document) addBehaviors(config *shape, patterns []string) ([]byte, error) {
	target := d.root.child("DefaultCacheBehavior").value("TargetOriginId")
	item := config.member("CacheBehaviors").shape.member("Items").shape.item
	var fresh strings.Builder
	for _, pattern := range patterns {
		b, err := parseDocument([]byte(seedBehavior(pattern, target)))
		if err != nil {
			return nil, fmt.Errorf("behaviour for %q: %w", pattern, err)
		}
		fresh.Write(applyEdits(b.src, defaults(b.root, item)))
	}
	present := d.root.items("CacheBehaviors", "CacheBehavior")
	count := strconv.Itoa(len(present) + len(patterns))
	behaviors := d.root.child("CacheBehaviors")
	if behaviors == nil || behaviors.empty {
		at := place(d.root, config, "CacheBehaviors")
		e := edit{at: at, end: at, text: element(d.root.prefix, "CacheBehaviors",
			"<Quantity>"+count+"</Quantity><Items>"+fresh.String()+"</Items>")}
		if behaviors != nil {
			e.at, e.end = behaviors.start, behaviors.end
		}
		return applyEdits(d.src, []edit{e}), nil
	}
	quantity := edit{at: behaviors.inner, end: behaviors.inner, text: element(behaviors.prefix, "Quantity", count)}
	if q := behaviors.child("Quantity"); q != nil {
		quantity.at, quantity.end = q.start, q.end
	}
	items := edit{at: behaviors.outer, end: behaviors.outer, text: element(behaviors.prefix, "Items", fresh.String())}
	if n := behaviors.child("Items"); n != nil && n.empty {
		items.at, items.end = n.start, n.end
	} else if n != nil {
		items = edit{at: n.outer, end: n.outer, text: prefixed(n.prefix, fresh.String())}
	}
	return applyEdits(d.src, []edit{quantity, items}), nil
}

// seedBehavior writes a plain behaviour; for the default one pattern is "".
func seedBehavior(pattern, target string) string {
	content := "<TargetOriginId>" + escape(target) + "</TargetOriginId>" +
		"<ViewerProtocolPolicy>allow-all</ViewerProtocolPolicy><CachePolicyId>" + seedCachePolicy + "</CachePolicyId>"
	if pattern == "" {
		return "<DefaultCacheBehavior>" + content + "</DefaultCacheBehavior>"
	}
	return "<CacheBehavior><PathPattern>" + escape(pattern) + "</PathPattern>" + content + "</CacheBehavior>"
}

// listOf writes a quantity list.
func listOf(name string, items []string) string {
	return "<" + name + ">" + listContent(items) + "</" + name + ">"
}

// PutRaw stores a document verbatim as the configuration of a distribution,
// which it creates if need be, with no check but that it is XML with the root
// DistributionConfig, and nothing added. It is for tests of clients that must
// cope with whatever CloudFront answers.
func (s *Service) PutRaw(account, id string, config []byte) error {
	c := &call{account: account, now: s.Now(account).UTC()}
	err := s.Store.Update(func(tx kv.Tx) error {
		doc, err := parseDocument(config)
		if err != nil {
			return err
		}
		if doc.root.local != "DistributionConfig" {
			return fmt.Errorf("the root element is %s, not DistributionConfig", doc.root.local)
		}
		rec := record{ID: id}
		if err := decode(tx.Get(tableDistributions, distributionKey(account, id)), &rec); err != nil {
			return err
		}
		_, _, err = s.save(tx, c, s.touch(rec, c.now), config)
		return err
	})
	if err != nil {
		return fmt.Errorf("put distribution %s: %w", id, err)
	}
	return nil
}
