// Every monitor type against a real server of its kind, as packaged: nginx, OpenSSL, Redis, BIND.

#include "test/unit/monitors/engine_support.hpp"
#include "test/unit/monitors/real_server.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <future>

using namespace std::chrono_literals;
using namespace vipd;
using namespace vipd::monitors;
using namespace vipd::monitors::test;

namespace {

std::string verdict_on(const Endpoint& target, Check check, Duration timeout = 2s) {
    auto plan = quick_plan(target, std::move(check));
    plan.interval = plan.timeout = timeout;
    Verdicts verdicts;
    Engine engine({}, verdicts.sink());
    engine.update({plan}, {});
    return text(verdicts.at(0));
}

/// nginx with one plain and some TLS servers.
class Nginx {
public:
    Nginx() {
        folder_.write("healthz", "all systems go\n");
        folder_.write("large", std::string(3000000, 'x'));
        folder_.write("slow", std::string(3000, 'x'));
        folder_.write("nginx.conf", configuration());
        process_.emplace(std::vector<std::string>{"/usr/sbin/nginx", "-p", folder_.path(), "-c",
                                                  folder_ / "nginx.conf"},
                         folder_ / "log");
        for (const auto& endpoint : {plain, good, expired, soon, client})
            wait_until_listening(endpoint);
    }

    void freeze() const { process_->freeze(); }
    void kill() { process_->kill(); }

    TemporaryFolder folder_;
    Endpoint plain = free_endpoint(), good = free_endpoint(), expired = free_endpoint(),
             soon = free_endpoint(), client = free_endpoint();
    Certificate good_certificate = make_certificate(folder_, "good.test", 90 * 24h);
    Certificate expired_certificate = make_certificate(folder_, "expired.test", -1h);
    Certificate soon_certificate = make_certificate(folder_, "soon.test", 5 * 24h + 1h);
    Certificate client_certificate = make_certificate(folder_, "client.test", 1h);

private:
    std::string tls_server(const Endpoint& endpoint, const Certificate& certificate,
                           const std::string& more = "") const {
        return "server { listen " + endpoint.to_string() + " ssl; ssl_certificate " +
               certificate.certificate_file + "; ssl_certificate_key " + certificate.key_file +
               "; root " + folder_.path() + "; " + more + " }\n";
    }
    std::string configuration() const {
        return "daemon off; master_process off; pid " + (folder_ / "pid") + "; error_log " +
               (folder_ / "error") + ";\nevents {}\nhttp { access_log off; client_body_temp_path " +
               (folder_ / "body") + "; proxy_temp_path " + (folder_ / "proxy") +
               "; fastcgi_temp_path " + (folder_ / "fastcgi") + "; uwsgi_temp_path " +
               (folder_ / "uwsgi") + "; scgi_temp_path " + (folder_ / "scgi") +
               ";\nserver { listen " + plain.to_string() + "; root " + folder_.path() +
               "; location /old { return 301 /new; } location /none { return 444; } location /slow "
               "{ limit_rate 1; } location /agent { return 200 "
               "$http_user_agent; } }\n" +
               tls_server(good, good_certificate,
                          "location /sni { return 200 \"sni $ssl_server_name host $host\"; }") +
               tls_server(expired, expired_certificate) + tls_server(soon, soon_certificate) +
               tls_server(client, good_certificate,
                          "ssl_verify_client on; ssl_client_certificate " +
                              client_certificate.certificate_file + ";") +
               "}\n";
    }

    std::optional<Process> process_;
};

HttpCheck https(std::string name, std::string target, std::string ca_file) {
    HttpCheck check{.host = name, .target = std::move(target)};
    check.tls = TlsOptions{.name = std::move(name), .ca_file = std::move(ca_file)};
    return check;
}

}  // namespace

TEST_CASE("nginx over http", "[real]") {
    const Nginx nginx;
    HttpCheck check{.host = "h", .target = "/healthz"};
    check.body = {{.text = "systems go"}};
    check.fields = {
        {.name = "server", .value = TextRule{.kind = TextRule::Kind::regex, .text = "^nginx"}}};
    CHECK(verdict_on(nginx.plain, check) == "up ok: status 200");
    CHECK(verdict_on(nginx.plain, HttpCheck{.method = "HEAD", .host = "h", .target = "/large"}) ==
          "up ok: status 200");
    CHECK(verdict_on(nginx.plain, HttpCheck{.host = "h", .target = "/missing"}) ==
          "down http-status: got 404, accepted 200");
    CHECK(
        verdict_on(nginx.plain, HttpCheck{.host = "h", .target = "/old", .status = {{301, 301}}}) ==
        "up ok: status 301");
    CHECK(verdict_on(nginx.plain, HttpCheck{.host = "h", .target = "/large"}) ==
          "down http-too-large: more than 1048576 bytes of body announced");
    HttpCheck agent{.host = "h", .target = "/agent"};
    agent.body = {{.text = "vipd/" VIPD_VERSION}};
    CHECK(verdict_on(nginx.plain, agent) == "up ok: status 200");
    CHECK(verdict_on(nginx.plain, https("good.test", "/healthz", "")) ==
          "down tls-handshake: wrong version number");
    CHECK(verdict_on(nginx.plain, IdleTcpCheck{}) == "up ok: connected");
}

TEST_CASE("nginx that closes without an answer, drips, hangs and is gone", "[real]") {
    Nginx nginx;
    const auto& ca = nginx.good_certificate.certificate_file;
    CHECK(verdict_on(nginx.plain, HttpCheck{.host = "h", .target = "/none"}) ==
          "down connection-closed: closed before a status line");
    CHECK(verdict_on(nginx.plain, HttpCheck{.host = "h", .target = "/slow"}, 50ms)
              .starts_with("down timeout: no complete answer within 50ms (connected after "));
    nginx.freeze();
    CHECK(verdict_on(nginx.plain, HttpCheck{.host = "h"}, 50ms)
              .starts_with("down timeout: no answer within 50ms (connected after "));
    CHECK(verdict_on(nginx.good, https("good.test", "/healthz", ca), 50ms)
              .starts_with("down timeout: no TLS handshake within 50ms (connected after "));
    CHECK(verdict_on(nginx.plain, IdleTcpCheck{}) == "up ok: connected");  // its kernel lives

    Verdicts verdicts;
    Engine engine({}, verdicts.sink());
    auto plan = quick_plan(nginx.plain, IdleTcpCheck{});
    plan.interval = plan.timeout = 10s;
    engine.update({plan}, {});
    CHECK(verdicts.at(0).health == Health::up);
    nginx.kill();
    CHECK(text(verdicts.at(1)) == "down connect-refused: nothing listens there");
}

TEST_CASE("nginx is asked again over the connection of the probe before", "[real]") {
    const Nginx nginx;
    const auto& ca = nginx.good_certificate.certificate_file;
    auto secure = https("good.test", "/healthz", ca);
    secure.also = {{.host = "good.test", .target = "/sni"}};
    secure.reuse = true;
    const HttpCheck plain{.host = "h", .target = "/healthz", .reuse = true};
    const std::vector<std::pair<Endpoint, HttpCheck>> probed{{nginx.plain, plain},
                                                             {nginx.good, secure}};
    for (const auto& [target, check] : probed) {
        Verdicts verdicts;
        Engine engine({}, verdicts.sink());
        engine.update({quick_plan(target, check)}, {});
        CHECK(verdicts.at(0).health == Health::up);
        CHECK(eventually([&] { return engine.stats().probes >= 8; }));
        std::promise<Engine::History> answer;
        engine.history(1, [&answer](Engine::History all) { answer.set_value(std::move(all)); });
        const auto history = answer.get_future().get();
        CHECK(engine.stats().failures == 0);
        CHECK(std::ranges::count_if(history, [](const ProbeResult& result) {
                  return result.phases.reused && !result.phases.connected &&
                         !result.phases.handshaken;
              }) >= 5);
    }
}

TEST_CASE("nginx over https", "[real]") {
    const Nginx nginx;
    const auto& ca = nginx.good_certificate.certificate_file;
    CHECK(verdict_on(nginx.good, https("good.test", "/healthz", ca)) == "up ok: status 200");
    auto sni = https("good.test", "/sni", ca);
    sni.body = {{.text = "sni good.test host good.test"}};
    CHECK(verdict_on(nginx.good, sni) == "up ok: status 200");
    CHECK(verdict_on(nginx.good, HttpCheck{.host = "good.test"}) ==
          "down http-status: got 400, accepted 200");
}

TEST_CASE("a certificate is verified unless told otherwise", "[real]") {
    const Nginx nginx;
    const auto& ca = nginx.good_certificate.certificate_file;
    CHECK(verdict_on(nginx.good, https("good.test", "/healthz", ""))
              .starts_with("down tls-certificate: self"));
    CHECK(verdict_on(nginx.good, https("other.test", "/healthz", ca)) ==
          "down tls-certificate: got a certificate for \"good.test\", accepted other.test");
    CHECK(verdict_on(nginx.good, https("127.0.0.1", "/healthz", ca)) ==
          "down tls-certificate: got a certificate for \"good.test\", accepted 127.0.0.1");
    CHECK(verdict_on(nginx.expired, https("expired.test", "/healthz",
                                          nginx.expired_certificate.certificate_file)) ==
          "down tls-certificate: certificate has expired");
    auto trusting = https("other.test", "/healthz", "");
    trusting.tls->verify = false;
    CHECK(verdict_on(nginx.expired, trusting) == "up ok: status 200");
}

TEST_CASE("a certificate that ends soon fails the expiry margin", "[real]") {
    const Nginx nginx;
    TlsCheck check;
    check.tls = {.name = "soon.test", .ca_file = nginx.soon_certificate.certificate_file};
    check.tls.expiry_margin = 4 * 24h;
    CHECK(verdict_on(nginx.soon, check) == "up ok: handshake done");
    check.tls.expiry_margin = 14 * 24h;
    CHECK(verdict_on(nginx.soon, check) ==
          "down tls-expiry: the certificate ends in 5 days, accepted at least 14 days");
}

TEST_CASE("a server that asks for a client certificate gets one", "[real]") {
    const Nginx nginx;
    auto check = https("good.test", "/healthz", nginx.good_certificate.certificate_file);
    CHECK(verdict_on(nginx.client, check) == "down http-status: got 400, accepted 200");
    check.tls->certificate_file = nginx.client_certificate.certificate_file;
    check.tls->key_file = nginx.client_certificate.key_file;
    CHECK(verdict_on(nginx.client, check) == "up ok: status 200");
}

TEST_CASE("OpenSSL's server, a garbled one and a silent one over tls", "[real]") {
    const TemporaryFolder folder;
    const auto certificate = make_certificate(folder, "s.test", 1h);
    const auto endpoint = free_endpoint();
    const Process server(
        {"/usr/bin/openssl", "s_server", "-accept", endpoint.to_string(), "-cert",
         certificate.certificate_file, "-key", certificate.key_file, "-quiet", "-tls1_3"},
        folder / "log");
    wait_until_listening(endpoint);
    TlsCheck check;
    check.tls = {.name = "s.test", .ca_file = certificate.certificate_file};
    CHECK(verdict_on(endpoint, check) == "up ok: handshake done");
    auto other = check;
    other.tls.name = "other.test";
    CHECK(verdict_on(endpoint, other) ==
          "down tls-certificate: got a certificate for \"s.test\", accepted other.test");

    const TestServer garbled([](int fd) { send_all(fd, std::string(1000, '\x16')); });
    CHECK(verdict_on(garbled.endpoint(), check) == "down tls-handshake: wrong version number");
    const TestServer closing([](int fd) {
        char hello[4096];
        [[maybe_unused]] const auto got = ::recv(fd, hello, sizeof hello, 0);
    });
    CHECK(verdict_on(closing.endpoint(), check) ==
          "down connection-closed: closed during the TLS handshake");
    const TestServer silent([](int fd) { wait_for_close(fd); });
    CHECK(verdict_on(silent.endpoint(), check, 50ms)
              .starts_with("down timeout: no TLS handshake within 50ms (connected"));
}

TEST_CASE("a file that cannot be used is our fault and not the server's", "[real]") {
    const LoopbackSocket listening(true);
    Verdicts verdicts;
    std::atomic<bool> told = false;
    Engine engine({}, verdicts.sink(), [&told](const Evidence& evidence) {
        told = evidence.reason.code == "tls-setup";
    });
    TlsCheck check;
    check.tls.ca_file = "/nonexistent/ca.pem";
    engine.update({quick_plan(listening.endpoint(), check)}, {});
    CHECK(eventually([&told] { return told.load(); }));
    CHECK(verdicts.count() == 0);
}

TEST_CASE("Redis answers, refuses without a password, and hangs", "[real]") {
    const TemporaryFolder folder;
    const TcpCheck check{.exchanges = redis_preset()};
    const auto open = free_endpoint();
    const Process redis({"/usr/bin/redis-server", "--bind", "127.0.0.1", "--port",
                         std::to_string(open.port), "--dir", folder.path(), "--save", ""},
                        folder / "log");
    const auto locked = free_endpoint();
    const Process locked_redis(
        {"/usr/bin/redis-server", "--bind", "127.0.0.1", "--port", std::to_string(locked.port),
         "--dir", folder.path(), "--save", "", "--requirepass", "secret"},
        folder / "log");
    wait_until_listening(open);
    wait_until_listening(locked);
    CHECK(verdict_on(open, check) == "up ok: answered as expected");
    CHECK(verdict_on(locked, check)
              .starts_with("down unexpected-answer: got \"-NOAUTH Authentication required."));
    redis.freeze();
    CHECK(verdict_on(open, check, 50ms)
              .starts_with("down timeout: no answer within 50ms (connected after "));
    CHECK(verdict_on(open, TcpCheck{}) == "up ok: connected");  // which is why there are exchanges
}

TEST_CASE("BIND over UDP and TCP", "[real]") {
    const TemporaryFolder folder;
    const auto endpoint = free_endpoint();
    std::string many;  // more than a datagram without EDNS carries
    for (int i = 1; i <= 60; ++i)
        many += "many A 192.0.2." + std::to_string(100 + i) + "\n";
    folder.write(
        "zone",
        "$TTL 60\n@ SOA ns hostmaster 1 60 60 60 60\n@ NS ns\nns A 192.0.2.53\nwww A 192.0.2.1\n"
        "www A 192.0.2.2\nwww AAAA 2001:db8::1\n@ MX 10 ns\ntxt TXT \"hello world\"\n" +
            many);
    folder.write("named.conf",
                 "options { directory \"" + folder.path() + "\"; listen-on port " +
                     std::to_string(endpoint.port) +
                     " { 127.0.0.1; }; listen-on-v6 { none; }; pid-file none; session-keyfile "
                     "none; recursion no; };\n"
                     "controls {};\nzone \"example.test\" { type primary; file \"zone\"; };\n");
    Process named({"/usr/sbin/named", "-f", "-n", "1", "-c", folder / "named.conf"},
                  folder / "log");
    wait_until_listening(endpoint);
    for (const bool tcp : {false, true}) {
        CAPTURE(tcp);
        DnsCheck check{
            .name = "www.example.test", .tcp = tcp, .answers = {"192.0.2.2", "192.0.2.1"}};
        CHECK(verdict_on(endpoint, check) == "up ok: NOERROR");
        check.answers = {"192.0.2.3"};
        CHECK(verdict_on(endpoint, check).starts_with("down dns-answer: got \"192.0.2."));
        CHECK(verdict_on(endpoint, DnsCheck{.name = "www.example.test",
                                            .type = 28,
                                            .tcp = tcp,
                                            .answers = {"2001:DB8::1"}}) == "up ok: NOERROR");
        CHECK(verdict_on(endpoint, DnsCheck{.name = "example.test",
                                            .type = 15,
                                            .tcp = tcp,
                                            .answers = {"10 ns.example.test."}}) ==
              "up ok: NOERROR");
        CHECK(verdict_on(endpoint, DnsCheck{.name = "txt.example.test",
                                            .type = 16,
                                            .tcp = tcp,
                                            .answers = {"\"hello world\""}}) == "up ok: NOERROR");
        CHECK(verdict_on(endpoint, DnsCheck{.name = "none.example.test", .tcp = tcp}) ==
              "down dns-rcode: got NXDOMAIN, accepted NOERROR");
        CHECK(verdict_on(endpoint, DnsCheck{.name = "other.test", .tcp = tcp, .rcodes = {5}}) ==
              "up ok: REFUSED");
    }
    DnsCheck large{.name = "many.example.test"};
    for (int i = 1; i <= 60; ++i)
        large.answers.push_back("192.0.2." + std::to_string(100 + i));
    CHECK(verdict_on(endpoint, large).starts_with("down dns-truncated: "));
    large.tcp = true;
    CHECK(verdict_on(endpoint, large) == "up ok: NOERROR");

    // The same question in hex, and the beginning of any answer to it without an error.
    UdpCheck raw;
    raw.send = std::string("\x2a\x2a\0\0\0\1\0\0\0\0\0\0\3www\7example\4test\0\0\1\0\1", 34);
    raw.expect = *BytePattern::parse_hex("2a 2a 8? ?0");
    CHECK(verdict_on(endpoint, raw) == "up ok: answered as expected");
    raw.expect = *BytePattern::parse_hex("2a 2a 8? ?3");
    CHECK(verdict_on(endpoint, raw).starts_with("down unexpected-answer: got "));

    named.freeze();
    CHECK(verdict_on(endpoint, DnsCheck{.name = "www.example.test"}, 50ms) ==
          "down timeout: no answer within 50ms");
    CHECK(verdict_on(endpoint, raw, 50ms) == "down timeout: no answer within 50ms");
    named.kill();
    CHECK(verdict_on(endpoint, DnsCheck{.name = "www.example.test"})
              .starts_with("down port-unreachable"));
    CHECK(verdict_on(endpoint, DnsCheck{.name = "www.example.test", .tcp = true}) ==
          "down connect-refused: nothing listens there");
}
