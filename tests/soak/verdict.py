# SPDX-License-Identifier: MIT
"""What must hold at the end of a soak, whatever happened (the queue's contract), and what there was."""
import collections
import hashlib
import os
import stat

import arrivals
from parts import DESCRIPTORS, MEMORY_KB, say

UNSURE = "no answer to the end of the data"
CUT_OFF = "when the process or the power died"
FAULTS_SHOWN = 40


class Verdict:
    def __init__(self, work):
        self.work = work
        self.faults, self.told, self.arrived, self.letters = [], [], [], []
        self.kills = 0
        self.unsure = collections.Counter()    # by id: attempts of which it is not known how they ended
        self.durably = collections.Counter()   # by id: the most that its file ever said
        self.probes = set()
        self.expected, self.unordered = [], []

    def fault(self, text):
        self.faults.append(text)

    def look_back(self, listed):
        """What the queue says of its mails while no service runs."""
        for mail in listed:
            if mail.get("trying"):
                self.unsure[mail["id"]] += 1
            self.durably[mail["id"]] = max(self.durably[mail["id"]], mail.get("unsure", 0))

    def add_letter(self, path):
        with open(path, "rb") as file:
            self.letters.append(hashlib.sha256(file.read()).hexdigest())

    # --- the end ---

    def finish(self, soak):
        self.soak = soak
        self.read_records()
        self.read_events()
        self.read_dead()
        self.check_arrivals()
        self.check_order()
        self.check_files()
        self.check_letters()
        self.faults += soak.service.faults
        if soak.service.peak_kb > MEMORY_KB:
            self.fault(f"the service had {soak.service.peak_kb} kB")
        if soak.service.descriptors > DESCRIPTORS:
            self.fault(f"the service had {soak.service.descriptors} descriptors")

    def read_records(self):
        self.queued, self.id_of = {}, {}
        self.refusals = collections.Counter()
        for writer in self.soak.writers + self.unordered:
            queued, refused = arrivals.record(writer.path)
            with open(writer.path + ".err", encoding="utf-8") as file:
                complaint = file.read()
            if complaint:
                self.fault(f"a writer says {complaint.strip()}")
            self.refusals.update(one.code for one in refused)
            for mail in queued:
                if self.id_of.setdefault(mail.key, mail.id) != mail.id:
                    self.fault(f"{mail.key} has two ids, {self.id_of[mail.key]} and {mail.id}")
                self.queued[mail.key] = mail
        self.key_of = {mail: key for key, mail in self.id_of.items()}

    def read_events(self):
        self.kinds = collections.Counter()
        self.discarded, self.story = {}, collections.defaultdict(list)
        for path in self.told:
            for event in arrivals.events(path):
                self.story[event.get("id")].append(f"{os.path.basename(path)} {event['time']} {event['account']} {event['kind']} "
                                                   f"{event.get('text', '')[:160]}")
                self.kinds[event["kind"]] += 1
                text = event.get("text", "")
                if event["kind"] == "queue" and "faster than they could be told" in text:
                    self.fault(f"events were lost: {text}")
                if UNSURE in text and event.get("id") or CUT_OFF in text:
                    self.unsure[event["id"]] += 1
                if event["kind"] == "discarded":
                    self.discarded[event["id"]] = event

    def read_dead(self):
        self.dead = {}
        for name in ("north", "south", "probe"):
            for mail in self.soak.ctl.sure("queue", name, "dead")["queue"]:
                self.dead[mail["id"]] = mail
                for to in mail["recipients"]:
                    if to["state"] == "failed" and to.get("reply", 0) // 100 == 5:
                        continue
                    if to["state"] != "delivered":
                        self.fault(f"a dead letter that nobody refused: {mail}")
            left = self.soak.ctl.sure("queue", name, "list")["queue"]
            if left:
                self.fault(f"{len(left)} mails of {name} still wait, the first: {left[0]}")

    def check_arrivals(self):
        came = collections.defaultdict(list)
        for mail in self.arrived:
            if not mail.whole:
                self.fault(f"{mail.key} arrived damaged in {mail.server}")
            came[mail.key].append(mail)
        self.twice = self.more = 0
        for key, mail in self.queued.items():
            if key not in came:
                self.fault(f"{key} was taken as {mail.id} and never arrived: {self.discarded.get(mail.id)} {self.dead.get(mail.id)}")
        for key, mails in came.items():
            id_ = self.id_of.get(key)
            if len({mail.digest for mail in mails}) > 1:
                self.fault(f"{key} arrived with different bytes")
            if len(mails) == 1:
                continue
            self.twice += 1
            self.more += len(mails) - 1
            # a mail that nobody was told is queued (its writer died) has no id here
            known = self.unsure[id_] + self.durably[id_]
            if id_ and len(mails) - 1 > known:
                self.fault(f"{key} ({id_}) arrived {len(mails)} times, with {known} attempts that may have been it: "
                           + "; ".join([f"in {os.path.basename(mail.server)} as {mail.order} at {mail.time:.2f}" for mail in mails]
                                       + self.story.get(id_, ["no event"])))
        for mail in self.arrived:
            if "refused@test.example" in mail.to:
                self.fault(f"{mail.key} arrived at who refused it")

    def check_order(self):
        got = [mail.key for mail in self.arrived if mail.key.startswith("order")]
        if sorted(got) != sorted(self.expected) or len(got) != 100:
            self.fault(f"of 100 mails {len(got)} arrived in the end, {len(self.expected)} waited")
        elif got != self.expected:
            at = next(i for i, key in enumerate(got) if key != self.expected[i])
            self.fault(f"not in the order of the list: {got[at]} before {self.expected[at]}, after {at} mails")
        for before, after in zip(got, got[1:]):
            a, b = self.queued[before], self.queued[after]
            if a.priority < b.priority:
                self.fault(f"{after} (priority {b.priority}) left behind {before} (priority {a.priority})")
            elif a.priority == b.priority and before.split("-")[0] == after.split("-")[0] and a.number > b.number:
                self.fault(f"{after} left behind {before}, which came later")

    def check_files(self):
        state = os.path.join(self.work, "station", "state")
        for root in (state, os.path.join(self.work, "mail")):
            for folder, _, names in os.walk(root):
                if stat.S_IMODE(os.stat(folder).st_mode) != 0o700:
                    self.fault(f"{folder} has another mode than 0700")
                for name in names:
                    path = os.path.join(folder, name)
                    if stat.S_IMODE(os.lstat(path).st_mode) != 0o600:
                        self.fault(f"{path} has another mode than 0600")
                    if os.path.basename(folder) in ("tmp", "bad"):
                        self.fault(f"{path} was left")

    def check_letters(self):
        folder = os.path.join(self.work, "mail", "in")
        got = collections.Counter()
        for name in os.listdir(folder):
            with open(os.path.join(folder, name), "rb") as file:
                got[hashlib.sha256(file.read()).hexdigest()] += 1
        if got != collections.Counter(self.letters):
            self.fault(f"of {len(self.letters)} letters {sum(got.values())} files came, {len(got)} of them different")

    def say(self):
        s = self.soak.service
        say(f"{len(self.queued)} mails queued, {len(self.arrived)} arrived, {self.twice} of them more than once ({self.more} repeats, "
            f"{sum(self.unsure.values())} attempts unsure or cut off), {len(self.dead)} dead letters; refused to writers: "
            f"{dict(self.refusals) or 'none'}")
        say(f"{s.life} lives of the service, {self.kills} kills, {sum(x.life for x in self.soak.servers.values())} lives of servers, "
            f"{self.soak.polls} polls, {len(self.probes)} probes, {len(self.letters)} letters; peak {s.peak_kb} kB, "
            f"{s.descriptors} descriptors; events {dict(self.kinds)}")
        for text in self.faults[:FAULTS_SHOWN]:
            say(f"FAIL {text}")
        if len(self.faults) > FAULTS_SHOWN:
            say(f"FAIL and {len(self.faults) - FAULTS_SHOWN} more")
        return not self.faults and len(self.queued) > 0
