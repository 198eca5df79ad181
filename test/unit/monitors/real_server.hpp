#pragma once
// Real servers for tests: processes of the packaged programs in a folder of their own, on free
// ports of loopback.

#include "test/unit/monitors/engine_support.hpp"
#include "test/unit/monitors/test_server.hpp"

#include <fcntl.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <vector>

namespace vipd::monitors::test {

class TemporaryFolder {
public:
    TemporaryFolder() {
        std::string pattern = "/tmp/vipd-real-XXXXXX";
        if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("no temporary folder");
        path_ = pattern;
        std::filesystem::permissions(path_, std::filesystem::perms(0755));
    }
    ~TemporaryFolder() { std::filesystem::remove_all(path_); }
    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;

    std::string operator/(const std::string& name) const { return path_ + "/" + name; }
    const std::string& path() const { return path_; }
    /// The file's path.
    std::string write(const std::string& name, const std::string& content) const {
        std::ofstream(*this / name) << content;
        return *this / name;
    }

private:
    std::string path_;
};

class Process {
public:
    /// The program's path first; what it writes goes to `log`.
    Process(std::vector<std::string> arguments, const std::string& log) {
        std::vector<char*> pointers;
        for (auto& argument : arguments)
            pointers.push_back(argument.data());
        pointers.push_back(nullptr);
        posix_spawn_file_actions_t actions;
        ::posix_spawn_file_actions_init(&actions);
        ::posix_spawn_file_actions_addopen(&actions, 1, log.c_str(), O_WRONLY | O_CREAT | O_APPEND,
                                           0600);
        ::posix_spawn_file_actions_adddup2(&actions, 1, 2);
        ::posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
        const int error =
            ::posix_spawn(&process_, pointers[0], &actions, nullptr, pointers.data(), environ);
        ::posix_spawn_file_actions_destroy(&actions);
        if (error != 0) throw std::runtime_error("cannot run " + arguments[0]);
    }
    ~Process() { stop(); }
    Process(const Process&) = delete;
    Process& operator=(const Process&) = delete;

    /// Returns when it is stopped. The signal alone does not wait for that, and a thread that runs
    /// on another processor still answers.
    void freeze() const {
        ::kill(process_, SIGSTOP);
        siginfo_t found;
        ::waitid(P_PID, static_cast<id_t>(process_), &found, WSTOPPED | WEXITED | WNOWAIT);
    }
    /// Returns when it is dead and its sockets are closed.
    void kill() {
        ::kill(process_, SIGKILL);
        ::waitpid(process_, nullptr, 0);
        process_ = 0;
    }
    void stop() {
        if (process_ == 0) return;
        ::kill(process_, SIGCONT);
        ::kill(process_, SIGTERM);
        for (int i = 0; i < 2000 && ::waitpid(process_, nullptr, WNOHANG) == 0; ++i) {
            if (i == 1000) ::kill(process_, SIGKILL);
            let_pass(std::chrono::milliseconds(1));
        }
        process_ = 0;
    }

private:
    pid_t process_ = 0;
};

/// Free a moment ago.
inline Endpoint free_endpoint() {
    return LoopbackSocket(false).endpoint();
}

/// Until somebody accepts there; throws after five seconds.
inline void wait_until_listening(const Endpoint& endpoint) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(endpoint.port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    for (int i = 0; i < 500; ++i) {
        const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        const bool there =
            ::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
        ::close(fd);
        if (there) return;
        let_pass(std::chrono::milliseconds(10));
    }
    throw std::runtime_error("nobody listens on " + endpoint.to_string());
}

struct Certificate {
    std::string certificate_file;
    std::string key_file;
};

/// Self-signed, for one DNS name, valid from a day ago until `valid_for` from now.
inline Certificate make_certificate(const TemporaryFolder& folder, const std::string& name,
                                    std::chrono::seconds valid_for) {
    static long serial = 1;
    EVP_PKEY* key = EVP_EC_gen("P-256");
    X509* certificate = X509_new();
    X509_set_version(certificate, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), serial++);
    X509_gmtime_adj(X509_getm_notBefore(certificate), -86400);
    X509_gmtime_adj(X509_getm_notAfter(certificate), valid_for.count());
    X509_NAME* subject = X509_get_subject_name(certificate);
    const auto* text = reinterpret_cast<const unsigned char*>(name.c_str());
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, text, -1, -1, 0);
    X509_set_issuer_name(certificate, subject);
    X509_set_pubkey(certificate, key);
    X509_EXTENSION* names =
        X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, ("DNS:" + name).c_str());
    X509_add_ext(certificate, names, -1);
    X509_sign(certificate, key, EVP_sha256());

    Certificate made{folder / (name + ".pem"), folder / (name + ".key")};
    FILE* file = std::fopen(made.certificate_file.c_str(), "w");
    PEM_write_X509(file, certificate);
    std::fclose(file);
    file = std::fopen(made.key_file.c_str(), "w");
    PEM_write_PrivateKey(file, key, nullptr, nullptr, 0, nullptr, nullptr);
    std::fclose(file);
    X509_EXTENSION_free(names);
    X509_free(certificate);
    EVP_PKEY_free(key);
    return made;
}

}  // namespace vipd::monitors::test
