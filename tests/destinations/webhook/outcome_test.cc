// The table of docs/destinations/webhook.md.
#include "destinations/webhook/outcome.h"

#include <gtest/gtest.h>

#include <initializer_list>

namespace user_events::destinations::webhook {
namespace {

Verdict of_status(int status) {
  http::Response response;
  response.status = status;
  return judge(response);
}

void expect_all(std::initializer_list<int> statuses, Outcome outcome, Retrial retrial) {
  for (const int status : statuses) {
    const Verdict verdict = of_status(status);
    EXPECT_EQ(verdict.outcome, outcome) << status;
    EXPECT_EQ(verdict.retrial, retrial) << status;
    EXPECT_EQ(verdict.reason.empty(), outcome == Outcome::accepted) << status;
  }
}

TEST(WebhookOutcome, EveryStatusOfTwoHundredIsAccepted) {
  expect_all({200, 201, 202, 204, 299}, Outcome::accepted, Retrial::none);
}

TEST(WebhookOutcome, WhatMayPassLaterIsRetriedAndHoldsNothingElseUp) {
  expect_all({408, 425, 500, 501, 505, 599}, Outcome::retry, Retrial::none);
}

TEST(WebhookOutcome, AnOutageAWrongTokenOrADeploymentIsNoEventsFault) {
  expect_all({301, 302, 303, 304, 307, 308, 401, 403, 404, 405, 429, 502, 503, 504, 507, 520, 530},
             Outcome::unavailable, Retrial::event);
}

TEST(WebhookOutcome, AReceiverThatIsGoneIsNotAskedAgain) {
  expect_all({410}, Outcome::unavailable, Retrial::never);
}

TEST(WebhookOutcome, AnEventThatTheReceiverNeverTakesIsRefused) {
  expect_all({400, 402, 406, 407, 409, 411, 412, 413, 414, 415, 422, 431, 451, 499}, Outcome::refused,
             Retrial::none);
}

TEST(WebhookOutcome, SilenceIsInDoubtOnlyOnceSomethingWasSent) {
  http::Response response;
  response.error = "Failure when receiving data from the peer";
  EXPECT_EQ(judge(response).outcome, Outcome::in_doubt);
  EXPECT_EQ(judge(response).retrial, Retrial::connection);
  response.sent = false;
  EXPECT_EQ(judge(response).outcome, Outcome::unavailable);
  EXPECT_EQ(judge(response).reason, response.error);
}

}  // namespace
}  // namespace user_events::destinations::webhook
