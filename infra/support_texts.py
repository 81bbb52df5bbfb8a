"""Sentences as customers of many trades write them, put together at random from parts of our own.

They are unlabelled: the vector table is fitted on them to resemble the sentence model where it
matters. What is said need not be likely, only worded as customers word it.
"""

from __future__ import annotations

import random

_PARTS = {
    "thing": "order, parcel, package, delivery, shoes, jacket, dress, phone, laptop, charger,"
    " headphones, washing machine, kettle, fridge, oven, sofa, table, lamp, bike, ticket, booking,"
    " room, flight, seat, luggage, rental car, contract, subscription, membership, licence, router,"
    " modem, sim card, meter, thermostat, camera, watch, printer, tablet, console, toy, book, gift",
    "account": "account, profile, login, wallet, app, dashboard, email address, phone number, card,"
    " debit card, credit card, virtual card, bank account, direct debit, standing order, passcode,"
    " password, pin, username, address, date of birth, identity, name",
    "money": "payment, refund, fee, charge, invoice, bill, transfer, top up, deposit, withdrawal,"
    " transaction, balance, exchange rate, discount, voucher, gift card, deposit, premium, tax,"
    " receipt, statement, price, interest, cashback, credit, instalment, commission, tip",
    "service": "internet, wifi, broadband, television, electricity, gas, heating, water, website,"
    " app, service, connection, signal, line, insurance, claim, policy, appointment, repair,"
    " installation, warranty, maintenance, subscription, trial, plan, course, event, tour",
    "person": "agent, driver, courier, technician, colleague, neighbour, wife, husband, son,"
    " mother, customer service, support, your shop, the hotel, the doctor,"
    " the landlord, the merchant",
    "when": "yesterday, today, this morning, last week, last month, two days ago, on Monday, since"
    " Friday, an hour ago, weeks ago, for three days, at midnight, last night, in March, in May",
    "place": "at the shop, online, abroad, in Spain, at home, at the airport, in the app, on the"
    " website, at the ATM, in the store, on my phone, at work, in another country, in Europe",
    "bad": "broken, damaged, faulty, late, missing, wrong, lost, stolen, expired, blocked, frozen,"
    " declined, rejected, cancelled, pending, stuck, slow, down, unavailable, incomplete,"
    " scratched, leaking, noisy, dead, empty, locked, disabled, too small, too big, too expensive,"
    " unsafe",
    "happened": "failed, was declined, was cancelled, never arrived, disappeared, got lost,"
    " expired, was charged twice, is still pending, was reverted, did not go through, stopped"
    " working, was delayed, arrived damaged, came back, was not recognised, was swallowed, crashed,"
    " froze, is not showing, was stolen, has been blocked, was rejected, was changed, broke, leaks",
    "do": "cancel, change, return, exchange, track, find, activate, block, unblock, close, open,"
    " renew, upgrade, downgrade, extend, verify, update, reset, delete, transfer, pay for, dispute,"
    " confirm, order, replace, repair, use, link, add, remove, move, receive, freeze, report",
    "feel": "angry, disappointed, worried, confused, happy, upset, annoyed, sorry, surprised, tired"
    " of waiting, not satisfied, really frustrated, pleased, grateful, concerned, shocked",
    "currency": "euros, pounds, dollars, yen, another currency, crypto, cash, a cheque",
    "amount": "20, 50, 100, 9.99, 1500, 2, a small, an extra, the full, half the, double the",
}

_PATTERNS = (
    "My {thing} {happened}.",
    "My {account} {happened}, what should I do?",
    "The {money} {happened} {when}.",
    "Why was my {money} {bad}?",
    "Why is my {account} {bad}?",
    "Why has the {money} not arrived yet?",
    "How do I {do} my {account}?",
    "How can I {do} a {thing}?",
    "How long does it take to {do} the {thing}?",
    "How long until the {money} arrives?",
    "Can I {do} the {money} {place}?",
    "Can you {do} my {thing} please?",
    "Can my {person} {do} the {account}?",
    "Could you tell me where my {thing} is?",
    "Where is my {thing}? It was due {when}.",
    "Where can I {do} my {account}?",
    "Where do I see my {money}?",
    "I want to {do} my {thing}.",
    "I need to {do} my {account} as soon as possible.",
    "I would like to {do} the {service}.",
    "I tried to {do} the {account} but it {happened}.",
    "I cannot {do} my {account} {place}.",
    "I was not able to {do} the {thing} {when}.",
    "I ordered a {thing} {when} and it {happened}.",
    "I bought a {thing} {place} and it is {bad}.",
    "I have not received my {thing}.",
    "I still haven't got the {money}.",
    "I received the wrong {thing}.",
    "I got charged a {money} {place}.",
    "I was charged twice for the {thing}.",
    "I see a {money} that I did not make.",
    "I don't recognise this {money}.",
    "I lost my {account} {when}.",
    "I forgot my {account}.",
    "I think someone used my {account} {place}.",
    "I am {feel} with your {service}.",
    "I am {feel} because the {thing} {happened}.",
    "I am moving, how do I {do} the {service}?",
    "I paid in {currency} and the {money} is wrong.",
    "I sent the {money} to the wrong person.",
    "I made a {money} {when} and it {happened}.",
    "I have {amount} {currency} missing from my {money}.",
    "I withdrew cash {place} and the {money} is {bad}.",
    "The {service} is {bad} {when}.",
    "The {service} {happened} and the {person} did not call back.",
    "The {person} said that the {thing} would be here {when}.",
    "The {person} was rude.",
    "The {person} left the {thing} outside and it is {bad}.",
    "The {thing} is {bad} after one use.",
    "The {thing} does not fit, I want to return it.",
    "The {account} says that it is {bad}.",
    "The app says my {account} is {bad}.",
    "The code to {do} my {account} never came.",
    "There is a {money} on my {account} that is {bad}.",
    "There is no {service} {when}.",
    "There was a problem with the {money} {place}.",
    "What is the {money} for a {thing}?",
    "What is the limit for {money}?",
    "What happens if my {thing} is {bad}?",
    "What do I need to {do} my {account}?",
    "What currencies do you accept for a {money}?",
    "When will my {thing} arrive?",
    "When will I get my {money}?",
    "Which {thing} can I {do} with this {account}?",
    "Who can {do} the {service}?",
    "Do you charge a {money} for a {thing}?",
    "Do you deliver {place}?",
    "Do I have to pay a {money}?",
    "Does the {thing} work {place}?",
    "Is the {money} included?",
    "Is it possible to {do} the {money} in {currency}?",
    "Is there a {money} when I {do} the {thing}?",
    "Is my {service} going to be {bad}?",
    "Are you going to {do} my {thing}?",
    "Please {do} my {thing}.",
    "Please help, my {account} is {bad}!",
    "Please tell me how to {do} the {account}.",
    "Thank you for the {thing}, the {person} was great.",
    "You took {amount} {currency} from my {account}.",
    "Your {service} {happened} again.",
    "Nobody can tell me why the {thing} {happened}.",
    "{thing} {bad}",
    "{money} {happened}",
    "{do} {account}",
    "no {service} {when}",
    "{account} {bad}, need help",
)


def sentences(count: int, seed: int = 1) -> list[str]:
    """`count` different sentences, the same for the same seed."""
    parts = {name: [one.strip() for one in listed.split(",")] for name, listed in _PARTS.items()}
    chance = random.Random(seed)
    found: dict[str, None] = {}
    while len(found) < count:
        pattern = chance.choice(_PATTERNS)
        found[pattern.format(**{name: chance.choice(many) for name, many in parts.items()})] = None
    return list(found)
