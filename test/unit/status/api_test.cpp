#include "src/status/api.hpp"

#include "test/unit/status/example_snapshot.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

using namespace vipd;
using namespace std::chrono_literals;

namespace {

/// A server's state around the example snapshot, asked as a client would.
struct Site {
    Snapshot snapshot = example_snapshot();
    EventRing events;
    std::vector<ThreadProgress> threads{{"control", TimePoint(100s)}};
    bool started = true;
    mutable KeptAnswers kept;

    HttpResponse ask(HttpRequest request) const {
        ApiState state;
        state.snapshot = started ? &snapshot : nullptr;
        state.etag = "\"1-1\"";
        state.threads = threads;
        state.now = TimePoint(100s);
        state.events = &events;
        state.kept = &kept;
        return std::get<HttpResponse>(answer(request, state));
    }
    HttpResponse get(const std::string& target) const {
        HttpRequest request;
        request.method = "GET";
        request.target = target;
        return ask(request);
    }
    nlohmann::json get_json(const std::string& target) const {
        return nlohmann::json::parse(*get(target).body);
    }
};

std::string header(const HttpResponse& response, const std::string& name) {
    for (const auto& [key, value] : response.headers) {
        if (key == name) return value;
    }
    return "";
}

}  // namespace

TEST_CASE("a path that does not exist is answered with those that do") {
    const auto response = Site().get("/v1/sevices");
    CHECK(response.status == 404);
    const auto body = nlohmann::json::parse(*response.body);
    CHECK(body["error"] == "not-found");
    CHECK(body["message"].get<std::string>().find("/v1/services") != std::string::npos);
}

TEST_CASE("a method that is not accepted is answered with those that are") {
    HttpRequest request;
    request.method = "DELETE";
    request.target = "/v1/status";
    const auto response = Site().ask(request);
    CHECK(response.status == 405);
    CHECK(header(response, "Allow") == "GET, HEAD");
}

TEST_CASE("HEAD is answered as GET is") {
    HttpRequest request;
    request.method = "HEAD";
    request.target = "/v1/vips";
    CHECK(Site().ask(request).status == 200);
}

TEST_CASE("before the first snapshot the API says that it is starting") {
    Site site;
    site.started = false;
    const auto response = site.get("/v1/status");
    CHECK(response.status == 503);
    CHECK(header(response, "Retry-After") == "1");
    CHECK(site.get("/readyz").status == 503);
    CHECK(site.get("/healthz").status == 200);
}

TEST_CASE("one service is found by name, another is not") {
    CHECK(Site().get_json("/v1/services/text-https")["service"]["port"] == 443);
    CHECK(Site().get("/v1/services/text-http").status == 404);
}

TEST_CASE("services are filtered by text, VIP and impairment, and counted before the limit") {
    Site site;
    site.snapshot = large_snapshot(30, 2);
    CHECK(site.get_json("/v1/services?q=service-001&limit=3")["matched"] == 10);
    CHECK(site.get_json("/v1/services?q=service-001&limit=3")["services"].size() == 3);
    CHECK(site.get_json("/v1/services?q=service-001&limit=3")["next"] == "service-0013");
    CHECK(site.get_json(
              "/v1/services?q=service-001&limit=3&from=service-0013")["services"][0]["name"] ==
          "service-0013");
    CHECK(site.get_json("/v1/services?q=server-0007-01")["matched"] == 1);
    CHECK(site.get_json("/v1/services?q=10.0.7.2")["matched"] == 1);
    CHECK(site.get_json("/v1/services?impaired")["matched"] == 1);
    CHECK(site.get_json("/v1/services?vip=other")["matched"] == 0);
}

TEST_CASE("over TCP a list has an end and says where to go on, on the Unix socket it is whole") {
    Site site;
    site.snapshot = large_snapshot(1100, 1);
    HttpRequest request;
    request.method = "GET";
    const auto list = [&](const std::string& target) {
        request.target = target;
        return nlohmann::json::parse(*site.ask(request).body);
    };
    CHECK(list("/v1/services?summary&limit=5000")["services"].size() == 1000);
    const auto full = list("/v1/services?limit=5000");
    CHECK(full["services"].size() == 1000);
    CHECK(full["matched"] == 1101);
    CHECK(full["next"] == "service-1000");
    site.snapshot = large_snapshot(30, 100);
    CHECK(list("/v1/services")["next"] == "service-0010");
    CHECK(list("/v1/services?summary")["next"] == nullptr);
    request.caller = Caller{};
    CHECK(list("/v1/services")["next"] == nullptr);
}

TEST_CASE("what is asked in the same words is rendered once, whatever else the query says") {
    Site site;
    const auto first = site.get("/v1/status?summary");
    CHECK(site.get("/v1/status?summary=1&x=2").body == first.body);
    CHECK(site.get("/v1/status").body != first.body);
    CHECK(site.get("/metrics?level=server").body != site.get("/metrics").body);
    CHECK(site.get("/metrics?level=other").body == site.get("/metrics").body);
    for (const auto* target :
         {"/v1/services?q=a", "/v1/services/text-https", "/v1/events", "/pools"})
        site.get(target);
    CHECK(site.kept.size() == 4);
}

TEST_CASE("lists that everybody may ask for in his own way are dear, following is not") {
    HttpRequest request;
    request.method = "GET";
    for (const auto* target : {"/v1/services", "/v1/services?limit=1", "/v1/events", "/alerts"}) {
        request.target = target;
        CHECK(is_dear(request));
    }
    request.accept = {"text/event-stream"};
    request.target = "/v1/events";
    CHECK_FALSE(is_dear(request));
    for (const auto* target :
         {"/metrics", "/healthz", "/v1/services/text-https", "/nowhere", "x"}) {
        request.target = target;
        CHECK_FALSE(is_dear(request));
    }
}

TEST_CASE("a limit that is not a positive number is refused") {
    for (const auto* limit : {"0", "-1", "ten", "", "1x"}) {
        CHECK(Site().get(std::string("/v1/services?limit=") + limit).status == 400);
    }
}

TEST_CASE("an unchanged snapshot is not sent twice") {
    HttpRequest request;
    request.method = "GET";
    request.target = "/v1/status";
    const auto first = Site().ask(request);
    CHECK(header(first, "ETag") == "\"1-1\"");
    for (const auto* match : {"\"1-1\"", "W/\"1-1\"", "\"0-1\", \"1-1\"", "*"}) {
        request.if_none_match = match;
        const auto again = Site().ask(request);
        CHECK(again.status == 304);
        CHECK(again.body->empty());
    }
    request.if_none_match = "\"0-1\"";
    CHECK(Site().ask(request).status == 200);
}

TEST_CASE("readiness asks for verdicts, a kernel in sync and a peer") {
    Site site;
    auto kernel = *site.snapshot.kernel;
    kernel.in_sync = true;
    site.snapshot.kernel = std::make_shared<const KernelView>(kernel);
    CHECK(site.get("/readyz").status == 200);

    SECTION("not while verdicts are missing") {
        site.snapshot.verdicts_in = false;
    }
    SECTION("not while the kernel is out of sync") {
        kernel.in_sync = false;
        site.snapshot.kernel = std::make_shared<const KernelView>(kernel);
    }
    SECTION("never on the memory backend") {
        kernel.backend = "memory";
        site.snapshot.kernel = std::make_shared<const KernelView>(kernel);
    }
    SECTION("not without a peer that is established") {
        site.snapshot.peers.erase(site.snapshot.peers.begin());
    }
    SECTION("not when stopping") {
        site.snapshot.stopping = true;
    }
    CHECK(site.get("/readyz").status == 503);
}

TEST_CASE("without peers in the configuration readiness does not wait for one") {
    auto snapshot = example_snapshot();
    snapshot.peers.clear();
    CHECK(readiness(&snapshot).back().ok);
}

TEST_CASE("a thread without progress for ten seconds is named") {
    Site site;
    site.threads = {{"control", TimePoint(95s)}, {"kernel", TimePoint(89s)}};
    const auto response = site.get("/healthz");
    CHECK(response.status == 503);
    const auto body = nlohmann::json::parse(*response.body);
    CHECK(body["checks"][0]["ok"] == true);
    CHECK(body["checks"][1]["name"] == "kernel");
    CHECK(body["checks"][1]["text"] == "no progress for 11 s");
}

TEST_CASE("events are filtered by code, subject and id, the newest counting") {
    Site site;
    for (std::uint64_t id = 1; id <= 10; ++id) {
        site.events.add({id,
                         id > 1 ? std::optional(id - 1) : std::nullopt,
                         {},
                         id % 2 == 0 ? "server-down" : "server-up",
                         "text-https/cp" + std::to_string(id),
                         "text"});
    }
    const auto ids = [&](const std::string& query) {
        std::vector<int> found;
        const auto answer = site.get_json("/v1/events" + query);
        for (const auto& event : answer["events"])
            found.push_back(event["id"]);
        return found;
    };
    CHECK(ids("?limit=2") == std::vector<int>{9, 10});
    CHECK(ids("?after=8") == std::vector<int>{9, 10});
    CHECK(ids("?code=server-down&limit=2") == std::vector<int>{8, 10});
    CHECK(ids("?subject=cp3") == std::vector<int>{3});
    CHECK(site.get_json("/v1/events?subject=cp3")["events"][0]["cause"] == 2);
    CHECK(site.get("/v1/events?after=x").status == 400);
}

TEST_CASE("the status page comes whole from the program and may talk to nobody else") {
    for (const auto& [target, type] : {std::pair("/", "text/html"),
                                       {"/page.css", "text/css"},
                                       {"/page.js", "text/javascript"}}) {
        const auto response = Site().get(target);
        CHECK(response.status == 200);
        CHECK(response.content_type.starts_with(type));
        CHECK(header(response, "Content-Security-Policy").starts_with("default-src 'none'"));
        CHECK(response.body->find("://") == std::string::npos);
        HttpRequest again;
        again.method = "GET";
        again.target = target;
        again.if_none_match = header(response, "ETag");
        CHECK(Site().ask(again).status == 304);
    }
}
