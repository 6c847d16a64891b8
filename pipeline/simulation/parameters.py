"""Every number the simulation is made of, with where it comes from.

"Published" is the evaluator's final report on Malmökraften 2.0 (tables and figures by their numbers there). What was
not published is marked "tuned": chosen so that the default evaluation of the default extract gives the published
tables. The estimators were never tuned, only these numbers.
"""

from __future__ import annotations

from typing import Final

# --- Frame -----------------------------------------------------------------------------------------------------------

WINDOW_START: Final = "2020-02-01"  # published: participants considered, and controls' months, February 2020 ...
WINDOW_END: Final = "2022-04-30"  # ... to April 2022
FOLLOW_UP_END: Final = "2022-09-30"  # published: followed to the end of September 2022; the AF extract ends here

PEOPLE: Final = 19_550  # published: in JOB in Malmö at some time in the window: 2,821 participants and 16,729 others
PARTICIPANTS: Final = 2_821  # published: in JOB at AF when they started
PARTICIPANTS_ELSEWHERE: Final = 224  # published: 3,045 in the ESF database less 2,821; from FK or the municipality
OPENLY_UNEMPLOYED: Final = 3_900  # other people in AF's register who are never in JOB in the window
JOB_ELSEWHERE: Final = 1_550  # people in JOB who live in another municipality

STOCK_SHARE: Final = 0.50  # tuned: share of the frame in JOB on the first day; the others enter in the window
INFLOW: Final = {  # tuned: relative inflow to JOB by calendar month of the window, more after the first pandemic year
    "2020": 0.90,
    "2021": 1.15,
    "2022": 0.95,
}

MUNICIPALITY: Final = "1280"  # Malmö
MUNICIPALITIES_NEARBY: Final = {"1230": 0.20, "1233": 0.15, "1262": 0.15, "1263": 0.15, "1281": 0.35}

# --- Traits ----------------------------------------------------------------------------------------------------------
# Tuned to Table 4 before matching (controls: 43% women, 34% compulsory school, 56% born outside Europe, mean age 41)
# and to Table 2 (participants), given the selection below.

WOMEN: Final = 0.43
BIRTH: Final = {  # by sex (man, woman): Sweden, Europe outside Sweden, outside Europe
    "sweden": (0.285, 0.255),
    "europe": (0.165, 0.160),
    "outside_europe": (0.550, 0.585),
}
BIRTH_CODES: Final = {  # FodGrEg5 within the regions; 09 (former Soviet Union) counts as outside Europe, as published
    "sweden": {"00": 1.0},
    "europe": {"01": 0.12, "02": 0.28, "03": 0.60},
    "outside_europe": {"04": 0.24, "05": 0.01, "06": 0.04, "07": 0.69, "08": 0.005, "09": 0.015},
}
AGE_CLASSES: Final = (
    (20, 30, 0.205),
    (30, 45, 0.435),
    (45, 60, 0.285),
    (60, 65, 0.075),
)  # from, to under, share; in 2020
EDUCATION: Final = {  # by region: compulsory, upper secondary, post-secondary, unknown
    "sweden": (0.28, 0.51, 0.20, 0.01),
    "europe": (0.31, 0.42, 0.25, 0.02),
    "outside_europe": (0.37, 0.28, 0.33, 0.02),
}
DISABILITY: Final = {
    "sweden": 0.36,
    "europe": 0.21,
    "outside_europe": 0.14,
}  # together 21%, the project's own figures 2021
SOCIAL_ASSISTANCE: Final = {"sweden": 0.36, "europe": 0.36, "outside_europe": 0.56}  # Table 2: half of the participants
SICKNESS_BENEFIT: Final = (0.07, 0.16)  # without and with a registered disability
PARTNER: Final = {"sweden": 0.30, "europe": 0.46, "outside_europe": 0.58}  # Table 2: 51% single
CHILDREN_AT_HOME: Final = {"partner": 0.86, "single woman": 0.52, "single man": 0.13}  # Table 2: 59% with children
IMMIGRATION_YEAR_UNKNOWN: Final = 0.006  # published: 47 of 10,744 matched lack a covariate

STOCK_MONTHS: Final = (39.0, 0.78)  # months registered on the first day: median and log standard deviation at age 42
ENTRY_MONTHS: Final = (  # months registered on entry to JOB: share, median, log standard deviation
    (0.08, 6.0, 0.60),  # back in JOB soon after registering again
    (0.36, 16.0, 0.12),  # JOB opens after 450 days
    (0.20, 27.0, 0.12),  # after the two years of the establishment programme
    (0.36, 54.0, 0.50),  # back from a long subsidised job without having been deregistered
)
AGE_AND_MONTHS: Final = 0.026  # log months per year of age

# --- Drift of LISA's yearly values ------------------------------------------------------------------------------------

KEEP_SOCIAL_ASSISTANCE: Final = 0.80  # chance that a year repeats the year before; otherwise drawn anew
KEEP_SICKNESS_BENEFIT: Final = 0.55
KEEP_PARTNER: Final = 0.95
ABSENT_FROM_LISA: Final = 0.015  # not registered in Sweden on 31 December: no row that year

# --- Joining the project ----------------------------------------------------------------------------------------------

INTAKE: Final = {  # tuned: relative intake by month; published: paused from autumn 2020 to late spring 2021
    "2020-02": 0.80, "2020-03": 1.20, "2020-04": 0.30, "2020-05": 0.50, "2020-06": 1.00, "2020-07": 0.05,
    "2020-08": 1.20, "2020-09": 1.60, "2021-05": 0.60, "2021-06": 0.90, "2021-07": 0.05, "2021-08": 1.80,
    "2021-09": 2.20, "2021-10": 1.40, "2021-11": 1.20, "2021-12": 0.25, "2022-01": 1.60, "2022-02": 1.50,
    "2022-03": 1.20, "2022-04": 0.50,
}  # fmt: skip
# Joining depends on the five matching variables alone (tuned to Table 4 before matching): log odds by class.
AGE_LIMITS: Final = (30, 45, 60)
MONTHS_LIMITS: Final = (24, 48, 96)
JOINING_AGE: Final = (-1.00, 0.0, 0.30, -0.65)
JOINING_MONTHS: Final = (-0.50, 0.0, 0.18, 0.25)
JOINING_COMPULSORY: Final = -0.20  # compulsory school at most, or unknown
JOINING_OUTSIDE_EUROPE: Final = 0.36
JOINING_WOMAN: Final = 0.26
STAY_DAYS: Final = (185.0, 60.0)  # published: about six months, up to a year; mean and standard deviation
STAY_LONGEST: Final = 365

# --- Where people go --------------------------------------------------------------------------------------------------

DAILY_HAZARD: Final = 0.000863  # tuned to Figure 1: all work and studies together, controls with the reference traits
# Published for controls who reached the outcome: permanent job 37%, nystartsjobb 24%, studies 10%, fixed-term job 8%.
DESTINATIONS: Final = {  # group: {deregistration reason or category: share of the hazard}
    "permanent job": {"1": 0.370},
    "other job": {"2": 0.085, "3": 0.055, "4": 0.010},
    "studies": {"7": 0.100},
    "unsupported": {"21": 0.010, "22": 0.035, "31": 0.025, "35": 0.002, "41": 0.013},
    "nystartsjobb": {"33": 0.230},
    "introduction": {"30": 0.023, "51": 0.022},
    "wage subsidy": {"38": 0.008, "39": 0.003, "42": 0.006, "43": 0.001, "58": 0.002},
}
REASONS_WORK: Final = ("1", "2", "3", "4", "7")
WAGE_SUBSIDY_DISABLED: Final = 4.2  # with a registered disability this many times the share, without it ...
WAGE_SUBSIDY_OTHERS: Final = 0.15  # ... this; the other destinations give way, the sum stays
OTHER_REASONS: Final = {"5": 0.47, "6": 0.50, "8": 0.03}  # labels not public; 8 is a reason nobody returns from here
NEVER_BACK: Final = "8"

# Hazard ratios of the covariates, Table 6: controls only, participants only; 1 where the published model left it out.
COVARIATES: Final = {
    "woman": (0.782, 0.96),  # left out among participants: not significant; tuned to the ratios of women and men
    "outside_europe": (1.0, 1.154),
    "woman_outside_europe": (1.0, 1.08),  # tuned: women born outside Europe have about twice the hazard of controls
    "age": (0.974, 0.978),
    "months": (0.997, 1.0),
    "disability": (1 / 1.158, 1 / 1.578),
    "sickness_benefit": (0.767, 1.0),
    "social_assistance": (0.828, 1.753),
    "upper_secondary": (1.210, 1.396),
    "post_secondary": (1.343, 1.363),
    "education_unknown": (0.707, 0.734),
}
REFERENCE: Final = {  # traits at which the hazards above and below hold: about the participants' means
    "woman": 0.50, "outside_europe": 0.63, "woman_outside_europe": 0.33, "age": 44.0, "months": 60.0,
    "disability": 0.20, "sickness_benefit": 0.08, "social_assistance": 0.48, "upper_secondary": 0.37,
    "post_secondary": 0.29, "education_unknown": 0.02,
}  # fmt: skip

CALENDAR: Final = {  # tuned, mild: all hazards, by half-year from February 2020
    "2020-02": 1.00, "2020-04": 0.90, "2020-09": 0.97, "2021-01": 1.00, "2021-07": 1.04, "2022-01": 1.04,
}  # fmt: skip

# --- The project's effect ---------------------------------------------------------------------------------------------
# Hazard ratio by days since joining: right-closed, (0, 30], (30, 91], ... Below one in the first month, strong to month
# nine, none after (text to Figure 1); tuned by destination to the published shares of the participants' destinations:
# nystartsjobb 30%, introduktionsjobb 16%, extratjänst 15%, permanent job 15%, studies 9%.
EFFECT_LIMITS: Final = (30, 91, 183, 274)
EFFECT: Final = {
    "permanent job": (0.53, 0.49, 0.54, 0.60, 0.57),
    "other job": (0.35, 0.22, 0.22, 0.24, 0.26),
    "studies": (0.85, 1.35, 1.45, 1.60, 1.18),
    "unsupported": (0.60, 0.85, 1.05, 1.15, 1.05),
    "nystartsjobb": (0.75, 2.50, 2.85, 3.05, 1.55),
    "introduction": (1.20, 14.0, 16.5, 17.2, 4.60),
    "wage subsidy": (0.70, 2.50, 4.00, 4.00, 1.70),
    "other reasons": (0.70, 0.80, 0.85, 0.90, 1.00),
}

# --- Other moves, per day ---------------------------------------------------------------------------------------------

OTHER_EXIT: Final = (0.0011, 0.00045)  # deregistered for another reason: openly unemployed, in JOB
CHANGE: Final = (0.0060, 0.00030)  # from openly unemployed into JOB, from JOB to openly unemployed
BACK_AFTER_OTHER: Final = 0.0012  # registered again after another reason
BACK_LIMITS: Final = (91, 183)  # registered again after work or studies, by days since: Figure 4, 50% of controls at
BACK_AFTER_WORK: Final = (0.0042, 0.0029, 0.0020)  # six months, a clear majority after a year
BACK_RATIO: Final = (1.18, 1.18, 2.50)  # participants against controls: 53% at six months, hazard ratio 1.41 overall

# From a job found within the registration: hazard per day of leaving it, and where to.
JOB_SPELLS: Final = {  # hazard, share deregistered for work, for another reason, back to JOB, to openly unemployed
    "unsupported": (0.0140, 0.84, 0.05, 0.05, 0.06),
    "nystartsjobb": (0.0016, 0.15, 0.10, 0.37, 0.38),
    "introduction": (0.0015, 0.07, 0.10, 0.50, 0.33),
    "wage subsidy": (0.0014, 0.15, 0.15, 0.38, 0.32),
}
JOB_SPELL_REASONS: Final = {"1": 0.50, "2": 0.28, "3": 0.22}  # tuned: deregistered for work from such a job

# --- AF's automatic categories ----------------------------------------------------------------------------------------

SPLIT_STAYS: Final = 0.12  # tuned: share of JOB stays broken by some days in 96, 97 or 98
AFTER_JOB: Final = 0.50  # share of moves from JOB to 11 that pass through 97 or 98
AUTOMATIC: Final = {"96": 0.05, "97": 0.20, "98": 0.75}
AUTOMATIC_LONGEST: Final = 10  # days
EMPLOYMENT_PHASE: Final = 0.01  # share of the first stock whose JOB period is 79 from some day on


# --- Registers -------------------------------------------------------------------------------------------------------

DISABILITY_CODES: Final = ("11", "22", "31", "51", "61", "71")  # ahkp; AF's list is not public, these only look like it
EARLIER_REGISTRATION: Final = 0.40  # share with a registration before the present one, of those who can have one
EARLIER_REASONS: Final = {"1": 0.30, "2": 0.18, "5": 0.20, "6": 0.22, "7": 0.10}  # why it ended
EARLIER_PROGRAMMES: Final = {"54": 0.12, "81": 0.10, "33": 0.10, "22": 0.08, "": 0.60}  # before JOB; "" none
